import { mount } from "svelte";
import App from "./App.svelte";
import { answered } from "./api/answer";
import { api } from "./api/client";
import { i18n, preferred } from "./i18n/i18n.svelte";
import { router } from "./kernel/router.svelte";
import { registerWorker } from "./kernel/worker";
import { session } from "./people/session.svelte";
import { routes } from "./routes";
import "./styles/tokens.css";
import "./styles/base.css";
import { theme, type Club } from "./theme/theme.svelte";
import { basket } from "./ticketing/basket.svelte";

theme.start();
const wearing = answered<Club>(api.GET("/api/club")).then((answer) => answer.ok && theme.wear(answer.data));
// The language is known before the first screen asks for its words.
i18n.locale = preferred(theme.club.locale);
router.start(routes);
await i18n.use(i18n.locale);
mount(App, { target: document.getElementById("app")! });
void wearing;
void session.refresh();
void basket.restore();
void registerWorker();
