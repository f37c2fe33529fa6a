//! What a board has: lines, LEDs, camera and sound roles; backends and profiles.
