import { Room } from "livekit-client";
import { Device } from "artc-edge-client";

export async function command(url: string, token: string) {
  const room = new Room();
  await room.connect(url, token);
  const camera = await Device.find(room);
  const { sent } = await camera.streamSet({ fps: 15 });
  const picture = await camera.snapshot();
  await room.disconnect();
  return `${sent.width}x${sent.height}, ${picture.name}: ${picture.bytes.length} bytes`;
}
