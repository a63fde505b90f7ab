import { start } from "../start";
import { APPS } from "../table";
import { routes } from "./routes";

await start(APPS.staff, routes);
