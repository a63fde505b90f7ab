/** The gate's way to the server, and the server's time as it knows it. */
import { DeviceClock } from "../../../shared/devices/clock";
import { Link } from "../../../shared/devices/link";
import { shelf } from "./shelf";

export const time = new DeviceClock(shelf);
export const link = new Link(time);
