export { type LanguageServerOptions, serveLanguage } from "./server.ts";
