import { InputError } from "../../mod.ts";

/** Whether a permission is there; a call without it would ask for it on the terminal. */
export function isGranted(need: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(need).state === "granted";
}

/**
 * Checks permissions before any work, so that one line names all that are missing. Throws
 * InputError.
 *
 * @param needs what the program will ask for: { name: "write", path: "results" }
 */
export function requirePermissions(...needs: Deno.PermissionDescriptor[]): void {
  const missing = needs.filter((need) => !isGranted(need));
  if (missing.length > 0) throw new InputError(missingPermissions(missing.map(permissionOf)));
}

/**
 * What is missing where Deno refused a call. Its words are: Requires read access to "data", run again
 * with the --allow-read flag.
 */
export function missingPermission(message: string): string {
  const words = message.match(/^Requires \w+ access to "(.*)", .* the --allow-([a-z]+) flag/s);
  return words === null ? message : missingPermissions([{ kind: words[2], scope: words[1] }]);
}

interface Permission {
  readonly kind: string;
  /** The path, host, variable or command; empty for all of the kind. */
  readonly scope: string;
}

function permissionOf(need: Deno.PermissionDescriptor): Permission {
  const scope = Object.entries(need).find(([key, value]) => key !== "name" && value)?.[1];
  return { kind: need.name, scope: String(scope ?? "") };
}

function missingPermissions(missing: readonly Permission[]): string {
  const flags = [...Map.groupBy(missing, ({ kind }) => kind)].map(([kind, needs]) =>
    allowFlag(kind, needs.map(({ scope }) => scope))
  );
  return `permission missing: add ${flags.join(" ")} after "deno run" (-A allows everything)`;
}

/** Scopes are left out where one is all, or cannot be written without quotes. */
function allowFlag(kind: string, scopes: readonly string[]): string {
  const whole = kind === "all" || scopes.some((scope) => scope === "" || /[,\s]/.test(scope));
  return `--allow-${kind}${whole ? "" : `=${scopes.join(",")}`}`;
}
