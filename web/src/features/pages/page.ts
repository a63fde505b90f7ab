/** The operator's pages: the terms of sale, privacy, the legal notice, accessibility, help. */
import { answered, type Answer } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { components } from "../../shared/api/schema";

export type PageVersion = components["schemas"]["PageVersion"];
export type PageKind = PageVersion["kind"];
export const KINDS: readonly PageKind[] = ["terms", "privacy", "legal_notice", "accessibility", "help"];

export const pageIn = (kind: string, language: string): Promise<Answer<PageVersion>> =>
  answered<PageVersion>(api.GET("/api/pages/{kind}", { params: { path: { kind }, query: { language } } }));

export const version = (id: string): Promise<Answer<PageVersion>> =>
  answered<PageVersion>(api.GET("/api/pages/versions/{version_id}", { params: { path: { version_id: id } } }));
