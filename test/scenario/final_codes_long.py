"""final_codes.py: each code at each point of a connection's life, and a start behind it."""
import finals
from matrix import FINALS
from plays import check, done

for cause in FINALS:
    for point, at, has_session in finals.points():
        check(f"{cause.name} {point}: all stop, 78, and the other is resumed",
              lambda w, c=cause, a=at, h=has_session: finals.play(w, c, a, h, with_start=True))
done()
