/** The gate's way to the server, and the server's time as it knows it. */
import { DeviceClock } from "../devices/clock";
import { Link } from "../devices/link";
import { shelf } from "./shelf";

export const time = new DeviceClock(shelf);
export const link = new Link(time);
