/**
 * HTML5 videos: begun, paused, watched, finished, under the names of Segment's video plan.
 *
 * In: media events. Out: `Video Playback Started`, `Paused`, `Resumed`, `Completed`, `Exited`, and `Video Content Playing` every 10 s that
 * were watched. Watched seconds are seconds of content that really played: skipping does not count. Silent loops are decoration.
 */

import { alive } from "./attention.js";
import { on } from "./listening.js";
import { track, randomId } from "./messages.js";
import { automatic } from "./page_script.js";
import { atEnd } from "./pages.js";
import { attribute, path, plain } from "./elements.js";

const REPORT_S = 10;
const STEP_S = 2; // longer steps between two reports of the player are jumps

/** @typedef {{session_id: string, watched: number, told: number, position: number, playing: boolean}} Playback */

/** @type {Map<HTMLVideoElement, Playback>} */
const playbacks = new Map();

/**
 * @param {string} what
 * @param {HTMLVideoElement} video
 * @param {Playback} playback
 */
function tell(what, video, playback) {
  playback.told = playback.watched;
  track("Video " + what, {
    session_id: playback.session_id,
    content_asset_id: attribute(video, "data-sojourn-name", "id") || plain(video.currentSrc),
    title: attribute(video, "title", "aria-label") || undefined,
    position: Math.floor(playback.position),
    total_length: Math.round(video.duration) || undefined,
    watch_time_s: Math.round(playback.watched),
  });
}

/** @param {Event} event */
function onEvent(event) {
  const [video] = path(event);
  if (video?.localName !== "video" || (video.loop && video.muted)) return;
  let playback = playbacks.get(video);
  const { currentTime } = video;
  if (event.type === "play") {
    const what = playback ? "Playback Resumed" : "Playback Started";
    playback ||= { session_id: randomId(), watched: 0, told: 0, position: 0, playing: false };
    playbacks.set(video, playback);
    playback.position = currentTime;
    if (!playback.playing) tell(what, video, playback);
    playback.playing = true;
  } else if (playback) {
    const step = currentTime - playback.position;
    playback.position = currentTime;
    if (step > 0 && step < STEP_S && !video.seeking) playback.watched += step;
    alive();
    if (video.ended) {
      tell("Playback Completed", video, playback);
      playbacks.delete(video);
    } else if (event.type === "pause" && !video.seeking) {
      // A player pauses itself while somebody drags the position.
      playback.playing = false;
      tell("Playback Paused", video, playback);
    } else if (playback.watched - playback.told >= REPORT_S) tell("Content Playing", video, playback);
  }
}

/** Begin. */
export function followVideos() {
  if (!automatic("video")) return;
  on(document, "play pause timeupdate ended", onEvent);
  atEnd(() => {
    for (const [video, playback] of playbacks) if (playback.playing) tell("Playback Exited", video, playback);
    playbacks.clear();
  });
}
