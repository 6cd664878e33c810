import { InputError } from "./errors.ts";

/**
 * Refuses a value that is none of `choices`, which TypeScript refuses by itself and JavaScript does
 * not: taken as it is, it would mean one of them without a word.
 *
 * @param advice What to do, where that is more than choosing another.
 */
export function checkChoice(
  name: string,
  value: string,
  choices: readonly string[],
  advice = "choose one of them",
): void {
  if (choices.includes(value)) return;
  const allowed = `${choices.slice(0, -1).join(", ")} or ${choices[choices.length - 1]}`;
  throw new InputError(`the ${name} must be ${allowed}, not ${value}: ${advice}`);
}
