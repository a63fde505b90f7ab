/** Messages of the office's routes of points. */
import type { components } from "../../../shared/api/schema";
import type { Lists } from "../../../shared/api/words";

type Schemas = components["schemas"];
export type OfficePoints = Lists<Schemas["OfficeProgramme"]>;
export type Programme = OfficePoints["programme"] & {};
export type Rule = Lists<Schemas["EarningRule"]>;
export type Tier = Lists<Schemas["PointsTier"]>;
export type Reward = OfficePoints["rewards"][number];
export type OfficeRedemption = Schemas["OfficeRedemption"];
export type PointsTotal = Schemas["PointsTotal"];
export type RewardUpdate = Schemas["RewardUpdate"];
export type ProgrammeUpdate = Schemas["ProgrammeUpdate"];
export const SUM_KINDS = ["taken_back", "redeemed", "returned", "lapsed"] as const;
