/** @jsxImportSource preact */
import { InputError } from "../../../mod.ts";

/** A slider with its value beside its name. */
export function Slider({ label, value, text, min, max, step, onInput }: {
  label: string;
  value: number;
  /** The value in words. */
  text: string;
  min: number;
  max: number;
  step: number;
  onInput: (value: number) => void;
}) {
  return (
    <label class="slider">
      <span>{label}</span>
      {/* No <output>, which the label would then be of. */}
      <span class="value" aria-hidden="true">{text}</span>
      <input
        type="range"
        {...{ min, max, step, value }}
        aria-valuetext={text}
        onInput={({ currentTarget }) => onInput(Number(currentTarget.value))}
      />
    </label>
  );
}

/** A choice among names. */
export function Choice<Name extends string>({ label, value, names, words, onChange }: {
  label: string;
  value: Name;
  names: readonly Name[];
  words?: Readonly<Record<Name, string>>;
  onChange: (value: Name) => void;
}) {
  return (
    <label class="field">
      <span>{label}</span>
      <select
        value={value}
        onChange={({ currentTarget }) => onChange(currentTarget.value as Name)}
      >
        {names.map((name) => <option key={name} value={name}>{words?.[name] ?? name}</option>)}
      </select>
    </label>
  );
}

/** A value that is typed. What is none is told, and the value stays. */
export function Typed({ label, value, take, complain }: {
  label: string;
  value: string;
  /** Throws InputError. */
  take: (text: string) => void;
  complain: (complaint: string) => void;
}) {
  const attempt = (input: HTMLInputElement) => {
    try {
      take(input.value);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      complain(error.message);
      input.value = value;
    }
  };
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="text"
        value={value}
        onChange={({ currentTarget }) => attempt(currentTarget)}
      />
    </label>
  );
}
