/** The API, typed by the generated schema. */
import createClient from "openapi-fetch";
import { patientFetch } from "./answer";
import type { paths } from "./schema";

export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin", fetch: patientFetch });
