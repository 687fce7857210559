"""A posture check in ten lines, and what it says about three terminals."""
import sekisho
from sekisho import SAMPLE_NOW, Text, conformance
from sekisho.posture import CheckInput

REMEDY = Text("ドライブの暗号化（BitLocker）を有効にしてください。", "Switch BitLocker on.")


class DiskEncryption(sekisho.PostureCheck):
    name, rule = "disk_encryption", "R08"

    def judge(self, input):
        security = input.facts.get("security") if isinstance(input.facts, dict) else None
        encrypted = security.get("disk_encrypted") if isinstance(security, dict) else None
        if encrypted is True:
            return self.passes(input, observed="on")
        if encrypted is False:
            return self.fails(input, "disk.not_encrypted", REMEDY, observed="off", required="on")
        return self.unknown(input, "disk.unknown", REMEDY, required="on")


def main():
    conformance.check(DiskEncryption())
    verdicts = []
    for facts in ({"security": {"disk_encrypted": True}}, {"security": {"disk_encrypted": False}}, {}):
        row = DiskEncryption().judge(CheckInput(facts=facts, now=SAMPLE_NOW)).results[0]
        print(row.verdict, row.code, row.remedy.ja)
        verdicts.append(row.verdict)
    return verdicts


if __name__ == "__main__":
    main()
