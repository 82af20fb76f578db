"""What each program file of the phone is made of: it asks the device process to do the work.

The text of this file, with the address of the socket filled in, becomes ``/system/bin/input``,
``/system/bin/ls`` and so on. It runs in an interpreter without a standard library, once for every
command, so it imports only what is built in.

The talk: length and argv and folder; then the device says ``o`` or ``e`` with a length and bytes
for standard output or error, ``r`` to be sent some of standard input, ``x`` with a length and the
exit status.
"""

import _socket  # the module below socket, which is ten times quicker to import
import posix
import sys

ADDRESS = "/dev/socket/phone"

PERL = r"""
my $name = $0;
$name =~ s|.*/||;
my $link;
socket($link, 1, 1, 0) && connect($link, pack("Sa*", 1, "/dev/socket/phone")) or exit 255;
sub take {
    my ($count) = @_;
    my $data = "";
    while (length($data) < $count) {
        sysread($link, $data, $count - length($data), length($data)) or exit 255;
    }
    return $data;
}
sub give {
    my ($file, $data) = @_;
    my $at = 0;
    while ($at < length($data)) {
        my $wrote = syswrite($file, $data, length($data) - $at, $at);
        exit 141 unless defined $wrote;
        $at += $wrote;
    }
}
sub portion { return pack("V", length($_[0])) . $_[0] }
give($link, portion(join("\0", $ENV{PWD} || "/", $name, @ARGV)));
for (;;) {
    my $kind = take(1);
    if ($kind eq "r") {
        my $data = "";
        sysread(STDIN, $data, 65536);
        give($link, portion($data));
        next;
    }
    my $data = take(unpack("V", take(4)));
    exit $data if $kind eq "x";
    give($kind eq "o" ? *STDOUT : *STDERR, $data);
}
"""
"""The same for perl, which starts in a sixth of the time; the shell keeps PWD true."""


def main() -> None:
    """Run the program that this file is called as."""
    link = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0)
    link.connect(ADDRESS)

    def exactly(count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = link.recv(min(count - len(data), 1 << 20))
            if not piece:
                posix._exit(255)
            data += piece
        return data

    words = [posix.getcwd(), sys.argv[0].rpartition("/")[2], *sys.argv[1:]]
    body = b"\0".join(word.encode("utf-8", "surrogateescape") for word in words)
    link.sendall(len(body).to_bytes(4, "little") + body)
    while True:
        kind = exactly(1)
        if kind == b"r":
            data = posix.read(0, 65536)
            link.sendall(len(data).to_bytes(4, "little") + data)
            continue
        data = exactly(int.from_bytes(exactly(4), "little"))
        if kind == b"x":
            posix._exit(int(data))
        view = memoryview(data)
        while view:
            try:
                view = view[posix.write(1 if kind == b"o" else 2, view) :]
            except BrokenPipeError:
                posix._exit(141)


if __name__ == "__main__":
    main()
