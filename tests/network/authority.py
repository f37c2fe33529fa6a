"""A certificate authority of our own. Used by certificates.py and firewalls.py."""

import os
import subprocess


def sh(command):
    """Runs a line of shell, which must succeed."""
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)


class Authority:
    """A certificate authority, and what it signs; all of it for one key."""

    def __init__(self, folder):
        self.folder, self.ca, self.key = folder, os.path.join(folder, "ca.pem"), os.path.join(folder, "key.pem")
        key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        sh(f"openssl req -x509 {key} -keyout {folder}/ca.key -out {self.ca} -days 2 -subj '/CN=An authority of our own' 2>/dev/null")
        sh(f"openssl req {key} -keyout {self.key} -out {folder}/csr.pem -subj /CN=room 2>/dev/null")
        with open(f"{folder}/ca.cnf", "w") as config:
            config.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nnew_certs_dir={folder}\nserial={folder}/serial\n"
                         "default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n")
        open(f"{folder}/index", "w").close()
        with open(f"{folder}/serial", "w") as serial:
            serial.write("01\n")

    def certificate(self, name, san, start="20200101000000Z", end="20490101000000Z"):
        path = os.path.join(self.folder, f"{name}.pem")
        with open(f"{self.folder}/ext", "w") as ext:
            ext.write(f"subjectAltName={san}\nbasicConstraints=CA:FALSE\n")
        sh(f"openssl ca -batch -notext -config {self.folder}/ca.cnf -cert {self.ca} -keyfile {self.folder}/ca.key "
           f"-in {self.folder}/csr.pem -out {path} -startdate {start} -enddate {end} -extfile {self.folder}/ext 2>/dev/null")
        return path
