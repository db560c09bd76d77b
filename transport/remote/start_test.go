package remote_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drover/playbook/value"
	"drover/transport"
	"drover/transport/remote"
	"drover/transport/sshtest"
	"drover/transport/wire"
)

// cached finds the runners that were left on a host.
func cached(t *testing.T, h *testHost) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(h.home, ".cache", "drover", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func wantFault(t *testing.T, err error, phase transport.Phase, words ...string) {
	t.Helper()
	var u *transport.UnreachableError
	if !errors.As(err, &u) {
		t.Fatalf("got %v, want an UnreachableError", err)
	}
	if u.Phase != phase || u.Host != "web1" {
		t.Errorf("got phase %q of %q, want %q: %v", u.Phase, u.Host, phase, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the message lacks %q: %v", w, err)
		}
	}
}

func TestRunnerIsPushedOnce(t *testing.T) {
	h := startHost(t, nil)
	for range 2 {
		p := newPool(t)
		call(t, open(t, p, h.target()), request("echo"))
		p.Close()
	}
	files := cached(t, h)
	if len(files) != 1 || !strings.HasPrefix(filepath.Base(files[0]), "r-") {
		t.Fatalf("left on the host: %q", files)
	}
	before, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	call(t, open(t, newPool(t), h.target()), request("echo"))
	after, err := os.Stat(files[0])
	if err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the runner was pushed again: %v", err)
	}
	if mode := before.Mode().Perm(); mode != 0o755 {
		t.Errorf("its mode is %o", mode)
	}
}

func TestSessionsShareAConnection(t *testing.T) {
	h := startHost(t, nil)
	p := newPool(t)
	a, b := open(t, p, h.target()), open(t, p, h.target())
	if a != b || h.Starts() != 1 {
		t.Errorf("the session is not shared (%d connections)", h.Starts())
	}
	p.Reset(h.target())
	if _, err := a.Call(t.Context(), request("echo")); !transport.IsUnreachable(err) {
		t.Errorf("a closed session gave %v", err)
	}
	call(t, open(t, p, h.target()), request("echo"))
	if h.Starts() != 2 {
		t.Errorf("%d connections, want 2", h.Starts())
	}
}

// What profile scripts print before the runner speaks is skipped.
func TestNoisyLogin(t *testing.T) {
	h := startHost(t, func(o *sshtest.Options) { o.LoginScript = "echo 'Welcome! #drover- is not it'; echo oops >&2" })
	call(t, open(t, newPool(t), h.target()), request("echo"))
}

func TestBrokenLogin(t *testing.T) {
	h := startHost(t, func(o *sshtest.Options) { o.LoginScript = "echo This account is closed.; exit 3" })
	_, err := open(t, newPool(t), h.target()).Call(t.Context(), request("echo"))
	wantFault(t, err, transport.PhaseRunner, "exit code 3", "This account is closed.", "/bin/sh")
}

func TestSilentLogin(t *testing.T) {
	h := startHost(t, func(o *sshtest.Options) { o.LoginScript = "sleep 100" })
	target := h.target()
	target.Timeout = 300 * time.Millisecond
	_, err := open(t, newPool(t), target).Call(t.Context(), request("echo"))
	wantFault(t, err, transport.PhaseRunner, "within 300ms", "--timeout")
}

func TestNoRunnerForTheMachine(t *testing.T) {
	h := startHost(t, nil)
	r, err := self()
	if err != nil {
		t.Fatal(err)
	}
	other := *r
	other.OS, other.Arch = "plan9", "mips"
	p := poolWith(t, remote.Options{Runners: runners{&other}})
	_, err = open(t, p, h.target()).Call(t.Context(), request("echo"))
	wantFault(t, err, transport.PhaseRunner, "no runner for "+runtime.GOOS+"/"+runtime.GOARCH, "GOARCH="+runtime.GOARCH+" go build")
}

// A folder that somebody else can write into is not used.
func TestPlantedFolders(t *testing.T) {
	h := startHost(t, nil)
	planted := filepath.Join(h.home, ".cache", "drover")
	if err := os.MkdirAll(planted, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(planted, 0o777); err != nil {
		t.Fatal(err)
	}
	target := h.target()
	target.RemoteTmp = filepath.Join(h.home, "own dir")
	call(t, open(t, newPool(t), target), request("echo"))
	if files := cached(t, h); len(files) != 0 {
		t.Errorf("the open folder was used: %q", files)
	}
	found, _ := filepath.Glob(filepath.Join(h.home, "own dir", "drover", "r-*"))
	if len(found) != 1 {
		t.Errorf("the runner is not in ansible_remote_tmp: %q", found)
	}
}

// A runner that others can write to is not started again, nor one in a folder
// that has been opened to them.
func TestOpenedRunner(t *testing.T) {
	for _, opened := range []string{"folder", "file"} {
		h := startHost(t, nil)
		p := newPool(t)
		call(t, open(t, p, h.target()), request("echo"))
		p.Close()
		path := cached(t, h)[0]
		if opened == "folder" {
			path = filepath.Dir(path)
		}
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
		target := h.target()
		target.RemoteTmp = filepath.Join(h.home, "own dir")
		call(t, open(t, newPool(t), target), request("echo"))
		if found, _ := filepath.Glob(filepath.Join(h.home, "own dir", "drover", "r-*")); len(found) != 1 {
			t.Errorf("the opened %s was trusted: own dir has %q", opened, found)
		}
	}
}

// A runner that is there costs the host one program, which is ls.
func TestWarmStart(t *testing.T) {
	bin := t.TempDir()
	h := startHost(t, func(o *sshtest.Options) { o.Env = []string{"PATH=" + bin} })
	link := func(names ...string) {
		for _, name := range names {
			path, err := exec.LookPath(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	others := []string{"id", "mkdir", "chmod", "rm", "mv", "cat", "df", "tail", "find", "sha256sum"}
	if _, err := os.Stat("/proc/sys/kernel/arch"); err == nil {
		others = append(others, "uname")
	} else {
		link("uname")
	}
	link(append(others, "ls")...)
	p := newPool(t)
	call(t, open(t, p, h.target()), request("echo"))
	p.Close()
	for _, name := range others {
		if err := os.Remove(filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	call(t, open(t, newPool(t), h.target()), request("echo"))
}

// recalling is a connection that outlived a run.
type recalling struct {
	transport.Conn
	path *string
}

func (c recalling) Recall() string       { return *c.path }
func (c recalling) Remember(path string) { *c.path = path }

type recallingDialer struct {
	transport.Dialer
	path *string
}

func (d recallingDialer) Dial(ctx context.Context, t *transport.Target) (transport.Conn, error) {
	c, err := d.Dialer.Dial(ctx, t)
	return recalling{c, d.path}, err
}

// What a run remembers of the runner's place is tried once, and no more where it
// was wrong.
func TestRecalledRunner(t *testing.T) {
	h := startHost(t, nil)
	r, err := self()
	if err != nil {
		t.Fatal(err)
	}
	path := ""
	again := func() {
		t.Helper()
		p := remote.NewPool(recallingDialer{transport.NewDialer(transport.Options{}), &path}, remote.Options{Runners: runners{r}})
		defer p.Close()
		d := call(t, open(t, p, h.target()), request("environ"))
		for _, name := range []string{"GOMAXPROCS", wire.ProcessorsEnv} {
			if strings.Contains(value.String(d.At("environ")), name+"=") {
				t.Errorf("the modules see %s", name)
			}
		}
	}
	again()
	known := path
	if !strings.HasPrefix(known, h.home) {
		t.Fatalf("remembered %q", known)
	}
	if again(); path != known {
		t.Errorf("a right path became %q", path)
	}
	path = "/nowhere/" + filepath.Base(known)
	if again(); path != "-" {
		t.Errorf("a wrong path became %q", path)
	}
	if again(); path != "-" {
		t.Errorf("what is not to be guessed became %q", path)
	}
}

// A host without gzip and without any program that computes hashes.
func TestBareHost(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"id", "uname", "ls", "mkdir", "chmod", "rm", "mv", "cat", "df", "tail", "find"} {
		for _, dir := range []string{"/bin/", "/usr/bin/"} {
			if _, err := os.Stat(dir + name); err == nil {
				_ = os.Symlink(dir+name, filepath.Join(bin, name))
			}
		}
	}
	h := startHost(t, func(o *sshtest.Options) { o.Env = []string{"PATH=" + bin}; o.NoSFTP = true })
	call(t, open(t, newPool(t), h.target()), request("echo"))
}

// SIGPIPE ends a command, though it must not end the runner.
func TestPipeSignalOfCommands(t *testing.T) {
	d := call(t, open(t, newPool(t), startHost(t, nil).target()), request("sh", "line", "kill -PIPE $$; echo still here"))
	if got := value.String(d.At("rc")); got != strconv.Itoa(-int(syscall.SIGPIPE)) {
		t.Errorf("the command ended with %s and said %q", got, value.String(d.At("stdout")))
	}
}

func TestKilledRunner(t *testing.T) {
	h := startHost(t, nil)
	p := newPool(t)
	_, err := open(t, p, h.target()).Call(t.Context(), request("die"))
	wantFault(t, err, transport.PhaseCall, "killed by signal 9", "half done")
	call(t, open(t, p, h.target()), request("echo")) // a new one is started
	if h.Starts() != 1 {
		t.Errorf("%d connections for two runners", h.Starts())
	}
}

func TestCutConnection(t *testing.T) {
	h := startHost(t, nil)
	p := newPool(t)
	file := filepath.Join(h.home, "pid")
	r := request("sleep", "file", file)
	r.Progress = func(string) {
		for range 500 {
			if text, _ := os.ReadFile(file); len(text) > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		h.Cut()
	}
	_, err := open(t, p, h.target()).Call(t.Context(), r)
	wantFault(t, err, transport.PhaseCall, "closed by the host")
	pid, _ := os.ReadFile(file)
	waitGone(t, strings.TrimSpace(string(pid)))
	call(t, open(t, p, h.target()), request("echo"))
}

// waitGone waits until a process has ended: the runner leaves nothing behind.
func waitGone(t *testing.T, pid string) {
	t.Helper()
	for range 1000 {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %s still runs", pid)
}

// fakeSudo asks as sudo does: on its error output, reading its input, three
// times at most.
const fakeSudo = `#!/bin/sh
prompt=; user=; ask=yes
while :; do case $1 in
-p) prompt=$2; shift 2;; -u) user=$2; shift 2;; -n) ask=; shift;; -*) shift;; *) break;; esac; done
if [ -z "$ask" ]; then echo "sudo: a password is required" >&2; exit 1; fi
for i in 1 2 3; do
  printf '%s' "$prompt" >&2; read -r pw
  if [ "$pw" = "open sesame" ]; then BECAME=$user exec "$@"; fi
  sleep 0.1; echo "Sorry, try again." >&2
done
exit 1
`

// A runner leaves before its user's account is changed, and comes again when
// it is wanted; calls that came too late are made by its successor.
func TestRunnerLeavesItsUser(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "sudo"), []byte(fakeSudo), 0o755); err != nil {
		t.Fatal(err)
	}
	h := startHost(t, func(o *sshtest.Options) { o.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH")} })
	target := h.target()
	target.Become = &transport.Become{User: "app", Password: "open sesame"}
	p := newPool(t)
	app := open(t, p, target)
	pid := value.String(call(t, app, request("echo")).At("pid"))
	if again := value.String(call(t, app, request("echo")).At("pid")); again != pid {
		t.Fatalf("two calls ran in %s and %s", pid, again)
	}
	admin := open(t, p, h.target())
	r := request("echo")
	r.Leaving = "somebody"
	call(t, admin, r)
	if again := value.String(call(t, app, request("echo")).At("pid")); again != pid {
		t.Fatal("the runner left for another user's account")
	}
	r.Leaving = "app"
	call(t, admin, r)
	waitGone(t, pid)
	if again := value.String(call(t, app, request("echo")).At("pid")); again == pid {
		t.Error("a runner that left answered")
	}
}

func TestBecome(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "sudo"), []byte(fakeSudo), 0o755); err != nil {
		t.Fatal(err)
	}
	h := startHost(t, func(o *sshtest.Options) { o.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH")} })
	tests := map[string]struct {
		become transport.Become
		words  []string // of the error; none: it works
	}{
		"right password":  {become: transport.Become{Password: "open sesame"}},
		"wrong password":  {transport.Become{Password: "guess"}, []string{"sudo to user root", "Incorrect sudo password", "ansible_become_password"}},
		"no password":     {transport.Become{}, []string{"Missing sudo password", "-K"}},
		"no such method":  {transport.Become{Method: "magic"}, []string{`Invalid become method specified`, "sudo"}},
		"no such program": {transport.Become{Method: "doas", Exe: "/nowhere/doas"}, []string{"exit code 127", "not found"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			target := h.target()
			target.Become = &test.become
			p := newPool(t)
			s, err := p.Session(t.Context(), target)
			if err == nil {
				var d *value.Dict
				d, err = s.Call(t.Context(), request("echo", "x", 1))
				if len(test.words) == 0 && (err != nil || !value.Equal(d.At("x"), value.Int(1))) {
					t.Errorf("got %v, %v", d, err)
				}
			}
			if len(test.words) > 0 {
				wantFault(t, err, transport.PhaseBecome, test.words...)
			}
		})
	}
}

// Raw commands become another user too, and their output is their own.
func TestExecBecome(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "sudo"), []byte(fakeSudo), 0o755); err != nil {
		t.Fatal(err)
	}
	h := startHost(t, func(o *sshtest.Options) { o.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH")} })
	target := h.target()
	target.Become = &transport.Become{User: "app", Password: "open sesame"}
	conn := open(t, newPool(t), target).Conn()
	p, err := transport.ExecBecome(t.Context(), conn, target, "echo $BECAME $E; echo problem >&2; exit 4", transport.ExecOptions{Env: map[string]string{"E": "env"}})
	if err != nil {
		t.Fatal(err)
	}
	out, errText := readAll(t, p)
	code, err := p.Wait()
	if out != "app env\n" || errText != "problem\n" || code != 4 || err != nil {
		t.Errorf("got %q, %q, %d, %v", out, errText, code, err)
	}
	target.Become.Password = "guess"
	_, err = transport.ExecBecome(t.Context(), conn, target, "true", transport.ExecOptions{})
	wantFault(t, err, transport.PhaseBecome, "Incorrect sudo password")
}

// A detached job outlives the connection and leaves its result in a file.
func TestAsync(t *testing.T) {
	h := startHost(t, nil)
	p := newPool(t)
	r := request("read")
	r.Blobs = map[string]remote.Blob{"in": blob(100_000)}
	r.Async = &remote.Async{Limit: 60, JobID: "j1.2", Dir: "~/jobs"}
	d := call(t, open(t, p, h.target()), r)
	file := filepath.Join(h.home, "jobs", "j1.2")
	want := "{'failed': 0, 'started': 1, 'finished': 0, 'ansible_job_id': 'j1.2', 'results_file': '" + file + "', 'changed': True}"
	if got := value.Repr(d); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	p.Close()
	for range 1000 {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) == `{"changed": false, "size": 100000}` {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the job left no result")
}
