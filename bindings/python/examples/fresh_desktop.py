"""Two people, one seat: the second waits, and gets a machine that nobody has used."""
from sekisho import SAMPLE_NOW, desktops


def main():
    pool = desktops.Pool("vdi", "desks", "win11", "maint",
                         seats=[desktops.Seat(mac="52:54:00:00:00:10", address="10.60.0.10", port=5900)])
    office = desktops.Office("internet_business", [pool], now=SAMPLE_NOW)
    office.want("S-mori", "vdi")
    office.want("S-tani", "vdi")
    first, waits = office.desktop("S-mori"), office.desktop("S-tani").state
    print("mori:", first.state, first.machine, "tani:", waits)
    office.leave("S-mori")
    office.pass_time(30)
    second = office.desktop("S-tani")
    print("tani:", second.state, second.machine, [note.event for note in office.notes])
    return first, waits, second, sorted(office.hyperd.machines)


if __name__ == "__main__":
    main()
