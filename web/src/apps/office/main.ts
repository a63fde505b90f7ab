import { start } from "../start";
import { APPS } from "../table";
import Office from "./Office.svelte";
import { routes } from "./routes";

await start(APPS.office, routes, { frame: Office });
