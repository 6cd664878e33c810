/** What JSON can hold. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** An object of JSON; what is undefined is left out. */
export type JsonObject = { readonly [key: string]: Json | undefined };

/** JSON has no NaN and no Infinity, and would say null. */
export function spellNonFinite(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
