/** Connection to the server, and the server's time. */
import { DeviceClock } from "../devices/clock";
import { Link } from "../devices/link";
import { storage } from "./storage";

export const time = new DeviceClock(storage);
export const link = new Link(time);
