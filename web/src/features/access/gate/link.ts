/** API client of the gate, and the server's time. */
import { DeviceClock } from "../../../shared/devices/clock";
import { Link } from "../../../shared/devices/link";
import { storage } from "./storage";

export const time = new DeviceClock(storage);
export const link = new Link(time);
