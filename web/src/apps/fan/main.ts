import { basket } from "../../features/ticketing/basket.svelte";
import { start } from "../start";
import { APPS } from "../table";
import BasketLink from "./BasketLink.svelte";
import { routes } from "./routes";

await start(APPS.fan, routes, { tool: BasketLink });
void basket.restore();
