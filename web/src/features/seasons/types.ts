/** Messages of the server about renewals. */
import type { components } from "../../shared/api/schema";

type Schemas = components["schemas"];
export type Attendance = Schemas["AttendanceView"];
export type Renewal = Schemas["RenewalView"];
export type SeatWish = Schemas["SeatWish"];
