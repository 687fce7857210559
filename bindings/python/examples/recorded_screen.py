"""A server's screen, from the guest's bytes to the proof: a clipboard is stopped, the picture passes and is recorded,
the recording is held against what the journal was told; then one byte of it is changed."""
from datetime import timedelta

from sekisho import SAMPLE_NOW, console, recording

WIDTH, HEIGHT = 320, 200


def main():
    now = SAMPLE_NOW
    screen = console.Console(now=now, name="web-01")
    console.open_console(screen, WIDTH, HEIGHT, now=now)
    header = recording.RecordingHeader("a" * 32, now, "S20261122-1-000042", "mori", "web-01")
    recorder = recording.Recorder(header, WIDTH, HEIGHT)

    console.viewer_says(screen, console.set_encodings([0]) + console.update_request(WIDTH, HEIGHT), now=now)
    console.viewer_says(screen, console.client_cut_text(b"DROP TABLE residents"), now=now)
    for number in range(10):
        now += timedelta(seconds=2)
        blue = bytes([25 * number, 0, 0, 0])
        console.guest_says(screen, console.raw_update(0, 0, WIDTH, 100, blue * (WIDTH * 100)), now=now)
        recording.record(recorder, screen.seen(), now=now)
    stopped = [(notice.code, notice.bytes) for notice in screen.notices(now=now) if notice.code == "console.clipboard"]
    for code, size in stopped:
        recorder.event("clipboard.dropped", f"{code} {size}", now=now)
    recorder.close(now=now)

    notes = recording.notes_of(header.id, recorder.entries)
    proved = recording.verify_recording(recorder.data, notes)
    print("stopped", stopped, "proved until", proved.proved_until.isoformat(), "in", proved.chunks, "chunks")
    player = recording.Player(recorder.data)
    player.seek(SAMPLE_NOW + timedelta(seconds=11))
    blue_then = player.picture.rgb[2]

    damaged = bytearray(recorder.data)
    damaged[len(damaged) // 2] ^= 1
    found = recording.verify_recording(bytes(damaged), notes).findings
    print("changed byte:", [(finding.what, finding.chunk) for finding in found])
    return stopped, proved, blue_then, found


if __name__ == "__main__":
    main()
