"""What happens once a day, at a time of this machine's zone.  Pure."""

from datetime import datetime, timedelta


def seconds_until(time_of_day: str, wall: float) -> float:
    """Seconds from a wall time to the next `HH:MM` of this machine's zone."""
    hour, minute = map(int, time_of_day.split(":"))
    now = datetime.fromtimestamp(wall).astimezone()
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return ((then if then > now else then + timedelta(days=1)) - now).total_seconds()
