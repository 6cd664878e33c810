/** @jsxImportSource preact */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** Where a drawing goes, in CSS pixels, and the colours of the page. */
export interface Sheet {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  /** A colour of page.css: ink, soft, line, back, or 0 to 5 of a network. */
  color(name: string): string;
}

/** A drawing that follows its data, its width, and the page's colours. */
export function Canvas(
  { draw, label, name }: { draw: (sheet: Sheet) => void; label: string; name: string },
) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(draw);
  latest.current = draw;
  useLayoutEffect(() => paint(canvas.current!, draw));
  useEffect(() => {
    const element = canvas.current!;
    const repaint = () => paint(element, latest.current);
    const observer = new ResizeObserver(repaint);
    observer.observe(element);
    const darkness = matchMedia("(prefers-color-scheme: dark)");
    darkness.addEventListener("change", repaint);
    return () => {
      observer.disconnect();
      darkness.removeEventListener("change", repaint);
    };
  }, []);
  return <canvas ref={canvas} id={name} class="chart" role="img" aria-label={label} />;
}

function paint(canvas: HTMLCanvasElement, draw: (sheet: Sheet) => void): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width === 0 || height === 0) return;
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d")!;
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  context.font = `12px ${style.fontFamily}`;
  draw({ context, width, height, color: (name) => style.getPropertyValue(`--${name}`) });
}
