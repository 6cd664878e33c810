/** @jsxImportSource preact */
import { useEffect, useState } from "preact/hooks";
import { lessons } from "../lessons.ts";
import { printLink } from "../settings.ts";
import { Bowl } from "./bowl_view.tsx";
import { Controls } from "./controls.tsx";
import { Charts } from "./charts.tsx";
import { Measure } from "./measure_view.tsx";
import { Networks } from "./network_cards.tsx";
import { PictureRows } from "./picture_rows.tsx";
import { RunForm } from "./run_form.tsx";
import type { Shown } from "./shown.ts";

/** The whole page, drawn anew at each change. */
export function Page({ state }: Shown) {
  const [, redraw] = useState({});
  useEffect(() => state.listen(() => redraw({})), [state]);
  const isAboutBowl = state.settings.lesson === "bowl";
  return (
    <>
      <header>
        <h1>Momentum and initialization, live</h1>
        <p>
          Small autoencoders train in this browser, side by side on its GPU, as in Sutskever,
          Martens, Dahl and Hinton (ICML 2013).
        </p>
      </header>
      <main>
        <Lessons state={state} />
        {/* Keys, as preact loses hold of a canvas that it moves. */}
        {isAboutBowl && <Bowl key="first" state={state} />}
        {state.activity === "lost" ? <NoGPU state={state} /> : <Laboratory state={state} />}
        {!isAboutBowl && <Bowl key="last" state={state} />}
        {state.activity !== "lost" && <Measure state={state} />}
      </main>
      <footer class="soft">
        Nagare, an engine of hand-written WebGPU shaders. This page sends nothing anywhere.
      </footer>
    </>
  );
}

function Laboratory({ state }: Shown) {
  return (
    <>
      <Controls state={state} />
      <Networks state={state} />
      <Charts state={state} />
      <PictureRows state={state} />
      <RunForm state={state} />
    </>
  );
}

function Lessons({ state: { settings } }: Shown) {
  const lesson = lessons.find(({ name }) => name === settings.lesson);
  return (
    <section aria-labelledby="lessons">
      <h2 id="lessons">Six lessons</h2>
      <nav aria-labelledby="lessons">
        <ol class="lessons">
          {lessons.map(({ name, title, settings }) => (
            <li key={name}>
              <a
                href={`#${printLink(settings)}`}
                aria-current={name === lesson?.name ? "true" : undefined}
              >
                {title}
              </a>
            </li>
          ))}
        </ol>
      </nav>
      <div aria-live="polite">
        {lesson && (
          <div class="lesson">
            <p>{lesson.sentences.join(" ")}</p>
            <p class="question">{lesson.question}</p>
          </div>
        )}
      </div>
    </section>
  );
}

function NoGPU({ state: { adapter, complaint } }: Shown) {
  return (
    <section class="complaint" role="alert">
      <h2>{adapter ? "The GPU has failed" : "No WebGPU here"}</h2>
      {complaint && <p>{complaint}</p>}
      {adapter ? <p>Reload this page to begin anew: its address holds the settings.</p> : (
        <>
          {!isSecureContext && (
            <p>Browsers give WebGPU to pages under https or on localhost alone.</p>
          )}
          <p>
            Training needs WebGPU. It is in Chrome and Edge from 113 on (Windows, macOS, ChromeOS;
            on Android from 121), in Safari from 26, in Firefox from 141 on Windows and 145 on macOS
            with Apple silicon. In Chrome on Linux it may have to be switched on:{" "}
            <code>--enable-unsafe-webgpu --enable-features=Vulkan</code>. The bowl needs none.
          </p>
        </>
      )}
    </section>
  );
}
