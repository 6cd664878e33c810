// Loaded before a program, to do what the environment asks: NAGARE_FAULT is "lose MS" or
// "submit N", NAGARE_STRUCK a file that is made when it is done.

const [kind, count] = Deno.env.get("NAGARE_FAULT")!.split(" ");

const faults: Record<string, () => void> = {
  /** Destroys the first device so many milliseconds after it was given. */
  lose() {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...parameters) {
      GPUAdapter.prototype.requestDevice = requestDevice;
      const device = await requestDevice.apply(this, parameters);
      const destroy = () => {
        device.destroy();
        strike();
      };
      Deno.unrefTimer(setTimeout(destroy, Number(count)));
      return device;
    };
  },

  /** In place of so manyth commands submits those before once more, which is an error. */
  submit() {
    const { submit } = GPUQueue.prototype;
    let last: Iterable<GPUCommandBuffer> = [], left = Number(count);
    GPUQueue.prototype.submit = function (commands) {
      submit.call(this, --left === 0 ? last : commands);
      if (left === 0) strike();
      last = commands;
    };
  },
};

function strike(): void {
  Deno.writeTextFileSync(Deno.env.get("NAGARE_STRUCK")!, "");
}

faults[kind]();
