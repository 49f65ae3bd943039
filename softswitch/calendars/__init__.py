"""When a service is open: weekly hours, public holidays and make-up workdays.  Pure; every moment is an argument."""
