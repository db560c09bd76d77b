package keep

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// firstTime is how long a keeper waits for its first run.
const firstTime = 10 * time.Second

// Main makes this process a keeper: args are what follows Arg. It returns when
// nobody needs it any more.
func Main(args []string) int {
	file := os.NewFile(3, "socket")
	listener, err := net.FileListener(file)
	if err != nil || len(args) != 1 {
		return 1
	}
	file.Close()
	listener.(*net.UnixListener).SetUnlinkOnClose(true)
	k := &keeper{listener: listener, idle: map[string][]*kept{}, leases: map[uint64]*kept{}}
	k.width.narrow()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	go func() {
		<-asked
		k.stop()
	}()
	k.serve(firstTime)
	return 0
}

// socketPath names the socket for this program and environment in dir, which is
// made, and must be the user's alone.
func socketPath(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Getuid() || info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s is open to others", dir)
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	program, err := os.Stat(self)
	if err != nil {
		return "", err
	}
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{self, program.ModTime().String(), fmt.Sprint(program.Size()), wd,
		os.Getenv("HOME"), os.Getenv("SSH_AUTH_SOCK"), os.Getenv("PATH")}, "\x00")))
	path := filepath.Join(dir, "drover-"+hex.EncodeToString(sum[:8]))
	if len(path) > 100 { // what an address of a socket may hold, on all systems
		return "", errors.New("the name of the socket would be too long")
	}
	return path, nil
}

// reach connects to the keeper at path; one is started when there is none.
func reach(path string, start []string) (*link, error) {
	if c, err := net.Dial("unix", path); err == nil {
		return newLink(c), nil
	}
	lock, err := os.OpenFile(filepath.Join(filepath.Dir(path), "drover.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return nil, err
	}
	c, err := net.Dial("unix", path) // another run may have been quicker
	if err == nil {
		return newLink(c), nil
	}
	sweep(filepath.Dir(path))
	if err := startKeeper(path, start); err != nil {
		return nil, err
	}
	if c, err = net.Dial("unix", path); err != nil {
		return nil, err
	}
	return newLink(c), nil
}

// sweep removes the sockets of keepers that were killed.
func sweep(dir string) {
	paths, _ := filepath.Glob(filepath.Join(dir, "drover-*")) // the pattern is right
	for _, path := range paths {
		c, err := net.Dial("unix", path)
		if err == nil {
			c.Close()
		} else if errors.Is(err, syscall.ECONNREFUSED) {
			_ = os.Remove(path)
		}
	}
}

// closeOnExec marks the files that whoever started this process left open to it, so
// that the keeper does not get them: it would hold a lock among them (flock(1)),
// or the other end of a pipe, for as long as it lives.
func closeOnExec() {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

// startKeeper gives a process of its own a listening socket at path. Runs may
// connect at once.
func startKeeper(path string, start []string) error {
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	listener.SetUnlinkOnClose(false)
	defer listener.Close()
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	file, err := listener.File()
	if err != nil {
		return err
	}
	defer file.Close()
	cmd := exec.Command(start[0], append(start[1:len(start):len(start)], Arg, path)...)
	cmd.ExtraFiles = []*os.File{file}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal's signals
	closeOnExec()
	if err := withLateTimers(cmd.Start); err != nil {
		_ = os.Remove(path)
		return err
	}
	return cmd.Process.Release()
}
