import { type Flag, type FlagOptions, type Kind, single } from "../terminal/flags.ts";

/** The port that a page is served on, 0 for any that is free; false where no page is asked for. */
export type PagePort = number | false;

/** A {@linkcode PagePort}: yes, no, 8080. */
export function pagePort(options: Omit<FlagOptions<PagePort>, "default">): Flag<PagePort> {
  return single(port, { ...options, default: false });
}

const port: Kind<PagePort> = {
  allowed: "yes, no or a port from 1 to 65535",
  placeholder: "yes|no|PORT",
  read(text) {
    if (text === "yes") return 0;
    if (text === "no") return false;
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    return port >= 1 && port <= 65535 ? port : undefined;
  },
  show: (value) => value === false ? "no" : value === 0 ? "yes" : String(value),
};
