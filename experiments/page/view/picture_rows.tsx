/** @jsxImportSource preact */
import { useLayoutEffect, useRef } from "preact/hooks";
import { Swatch } from "./charts.tsx";
import { networkNames } from "./network_names.ts";
import type { Shown } from "./shown.ts";

type Image = Float32Array<ArrayBuffer>;

/** The same images under each network, and the filters of its first layer. */
export function PictureRows({ state: { pictures, settings } }: Shown) {
  if (pictures === undefined) return null;
  const names = networkNames(settings.networks);
  const { width, cases, networks } = pictures;
  return (
    <section aria-labelledby="pictures">
      <h2 id="pictures">What the networks make of the same images</h2>
      <div class="pictures">
        <span class="soft">images</span>
        <Strip images={cases} width={width} label="images" />
        {networks.slice(0, names.length).map(({ reconstructions }, i) => (
          <>
            <span>
              <Swatch index={i} />
              {names[i]}
            </span>
            <Strip
              images={reconstructions}
              width={width}
              label={`images as ${names[i]} has them`}
            />
          </>
        ))}
      </div>
      <h2>Filters of the first layer</h2>
      <p class="soft">Weights into the first units: grey is 0, white above, black below.</p>
      <div class="pictures">
        {networks.slice(0, names.length).map(({ filters }, i) => (
          <>
            <span>
              <Swatch index={i} />
              {names[i]}
            </span>
            <Strip images={filters.map(centred)} width={width} label={`filters of ${names[i]}`} />
          </>
        ))}
      </div>
    </section>
  );
}

/** Weights as greys about the middle. */
function centred(weights: Image): Image {
  const most = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-6);
  return weights.map((weight) => 0.5 + weight / most / 2);
}

/** Images beside one another, with a gap of a pixel. */
function Strip(
  { images, width, label }: { images: readonly Image[]; width: number; label: string },
) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const height = images[0].length / width;
  useLayoutEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    context.clearRect(0, 0, canvas.current!.width, height);
    images.forEach((image, i) => {
      const data = new ImageData(width, height);
      image.forEach((value, at) => data.data.set(greyOf(value), 4 * at));
      context.putImageData(data, i * (width + 1), 0);
    });
  }, [images]);
  return (
    <canvas
      ref={canvas}
      class="strip"
      role="img"
      aria-label={label}
      width={images.length * (width + 1) - 1}
      height={height}
    />
  );
}

function greyOf(value: number): number[] {
  const grey = 255 * Math.min(Math.max(value, 0), 1);
  return [grey, grey, grey, 255];
}
