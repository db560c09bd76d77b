package remote

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"drover/transport"
	"drover/transport/wire"
)

// starter starts the runner of a session, and puts it on the host first where
// it is missing.
type starter struct {
	s       *session
	runners []*Runner
	skip    []string // directories where an upload failed
	faults  []string // why
	brought bool
	tty     bool // become's program wants a terminal
	guessed bool // the process is a runner where one was before
	doubted bool // none was there
}

// recaller is a connection that outlives a run, and knows where the runner was
// that the run before started on it as the login user.
type recaller interface {
	Recall() (path string)
	Remember(path string)
}

// process is a start script that became a runner, or says what is missing.
type process struct {
	transport.Process
	frames   *wire.Reader
	said     *tail
	prompter *transport.Prompter // nil without become
	heard    chan struct{}       // closed when stderr ended
}

func (p *process) kill() { _ = p.Kill() }

// wait waits for the process and its last words.
func (p *process) wait() (int, error) {
	select {
	case <-p.heard:
	case <-time.After(closeTime):
	}
	return p.Wait()
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(string(t.last)), " ")
}

func newStarter(s *session) (*starter, error) {
	runners, err := s.o.Runners.All()
	if err != nil {
		return nil, s.fault(transport.PhaseRunner, err, "")
	}
	return &starter{s: s, runners: runners}, nil
}

// lateTimers lets timers of the runner's process go off up to 4 ms late, where
// the system has a place to say so. While it works, a Go program has a thread
// that looks around every 20 µs, which costs a host up to a quarter of a short
// playbook's time. What the runner starts gets exact timers again.
const lateTimers = `test -w /proc/self/timerslack_ns&&echo 4000000 >/proc/self/timerslack_ns;`

// execRunner is the shell's command that replaces it by the runner. The runner begins
// with one processor (see package runner); told so before it starts, Go does not
// divide its memory between two first. What GOMAXPROCS was before goes along, for
// the programs that the runner starts.
const execRunner = wire.ProcessorsEnv + `=${GOMAXPROCS-} GOMAXPROCS=1 exec`

// exec starts the script that starts the runner, or at once the runner where it
// was found on this connection before.
func (st *starter) exec(ctx context.Context) (*process, error) {
	s := st.s
	if line := st.guess(); line != "" {
		raw, err := s.conn.Exec(ctx, line, transport.ExecOptions{})
		if err != nil {
			return nil, err
		}
		return st.attach(raw, nil), nil
	}
	o := scriptOptions{runners: st.runners, start: lateTimers + execRunner + ` "$f" $x`, first: s.t.RemoteTmp, skip: st.skip}
	var become *transport.BecomeCommand
	if b := s.t.Become; b != nil {
		var err error
		become, err = transport.BecomeLine(b, execRunner+` "@FILE@" @ARGS@`, transport.Token())
		if err != nil {
			return nil, transport.BecomeFault(s.t, err, "")
		}
		// The names are known only to the script, outside of these quotes.
		o.start = lateTimers + "exec " + strings.NewReplacer("@FILE@", `'"$f"'`, "@ARGS@", `'"$x"'`).Replace(become.Line)
		o.public = b.User != "" && b.User != "root"
	}
	raw, err := s.conn.Exec(ctx, shellLine(startScript(o)), transport.ExecOptions{TTY: become != nil && (become.TTY || st.tty)})
	if err != nil {
		return nil, err
	}
	return st.attach(raw, become), nil
}

// guess gives the line that starts the runner where it was; "" when that is not
// known, or was wrong.
func (st *starter) guess() string {
	c, ok := st.s.conn.(recaller)
	if st.guessed = false; !ok || st.doubted || st.s.t.Become != nil {
		return ""
	}
	path := c.Recall()
	for _, r := range st.runners {
		if strings.HasSuffix(path, "/r-"+r.Name) {
			st.guessed = true
			return lateTimers + strings.Join(append([]string{execRunner, transport.Quote(path)}, r.Args...), " ")
		}
	}
	return ""
}

// unguessable is remembered instead of a path where the runner did not start from
// it, as under a login shell of the csh family, which can't read the line.
const unguessable = "-"

// remember notes where the runner is.
func (st *starter) remember(path string) {
	c, ok := st.s.conn.(recaller)
	switch {
	case !ok || st.s.t.Become != nil || st.guessed || c.Recall() == unguessable:
	case st.doubted:
		c.Remember(unguessable)
	default:
		c.Remember(path)
	}
}

// attach listens to a process. Without become it is told at once what the
// runner should hear; with it, sudo would take that for a password.
func (st *starter) attach(raw transport.Process, become *transport.BecomeCommand) *process {
	p := &process{Process: raw, frames: wire.NewReader(raw.Stdout()), said: &tail{}, heard: make(chan struct{})}
	var listener io.Writer = p.said
	if become != nil {
		p.prompter = transport.NewPrompter(st.s.t.Become, become, raw.Stdin())
		listener = io.MultiWriter(p.said, p.prompter)
	} else {
		st.s.relay.to(raw.Stdin())
	}
	go func() {
		// A runner says little there; thousands of them shall not cost a full
		// buffer each.
		_, _ = io.CopyBuffer(struct{ io.Writer }{listener}, raw.Stderr(), make([]byte, 512))
		close(p.heard)
	}()
	return p
}

// startTime is the deadline from the exec to the greeting.
func (st *starter) startTime() time.Duration {
	d := st.s.t.Timeout
	if d <= 0 {
		d = 10 * time.Second
	}
	if st.s.t.Become != nil {
		d += 5 * time.Second // sudo takes its time to refuse a password
	}
	return d
}

// greeting is what the process said first.
type greeting struct {
	missing *need
	err     error
}

// greet waits until the process shows what it is: a runner (nil), or a script
// that found none.
func (st *starter) greet(ctx context.Context, p *process) (*need, error) {
	result := make(chan greeting, 1)
	go func() {
		missing, err := st.listen(p)
		result <- greeting{missing, err}
	}()
	var refused <-chan struct{}
	if p.prompter != nil {
		refused = p.prompter.Failed()
	}
	timer := time.NewTimer(st.startTime())
	defer timer.Stop()
	select {
	case g := <-result:
		if g.err != nil {
			return nil, st.startFault(p, g.err)
		}
		return g.missing, nil
	case <-refused:
		p.kill()
		return nil, transport.BecomeFault(st.s.t, p.prompter.Err(), p.prompter.Said())
	case <-timer.C:
		p.kill()
		return nil, st.late(p)
	case <-ctx.Done():
		p.kill()
		return nil, ctx.Err()
	}
}

func (st *starter) listen(p *process) (*need, error) {
	which, err := p.frames.Greet(st.noise(p), wire.Magic, needMark)
	if err != nil {
		return nil, err
	}
	if which == 1 {
		line, err := p.frames.Line()
		if err != nil {
			return nil, err
		}
		missing, err := parseNeed(line)
		return &missing, err
	}
	hello, err := p.frames.Hello()
	if err != nil {
		return nil, err
	}
	st.remember(hello.Program)
	if p.prompter != nil {
		st.s.relay.to(p.Stdin())
	}
	st.s.relay.confirm()
	return nil, nil
}

// noise gives what comes before the greeting to the prompter: on a terminal
// that is where the question for the password is.
func (st *starter) noise(p *process) func(byte) {
	if p.prompter == nil {
		return nil
	}
	return func(c byte) { _, _ = p.prompter.Write([]byte{c}) }
}

func (st *starter) late(p *process) error {
	if p.prompter != nil {
		return transport.BecomeFault(st.s.t, fmt.Errorf("no answer within %v", st.startTime()), p.prompter.Said())
	}
	return st.s.fault(transport.PhaseRunner, fmt.Errorf("the runner did not answer within %v %s", st.startTime(), p.said.text()),
		"the host is overloaded, or its login shell waits for something; --timeout sets the limit")
}

// startFault explains an end before the greeting.
func (st *starter) startFault(p *process, err error) error {
	code, waitErr := p.wait()
	if p.prompter != nil && (p.prompter.Err() != nil || !transport.IsUnreachable(waitErr)) {
		if refused := p.prompter.Err(); refused != nil {
			err = refused
		} else if waitErr == nil {
			err = fmt.Errorf("it ended with exit code %d", code)
		}
		return transport.BecomeFault(st.s.t, err, p.prompter.Said())
	}
	var u *transport.UnreachableError
	var broken *wire.ProtocolError
	if errors.As(waitErr, &u) && !errors.As(err, &broken) {
		u.Phase = transport.PhaseRunner
		return u
	}
	said := p.said.text()
	var noise *wire.NoiseError
	if errors.As(err, &noise) && noise.Noise != "" {
		said = strings.TrimSpace(noise.Noise + " " + said)
	}
	if noise != nil && waitErr == nil {
		err = fmt.Errorf("the login shell ended with exit code %d: %s", code, said)
	}
	return st.s.fault(transport.PhaseRunner, err,
		"the account needs a shell that runs commands: does `ssh` to this host run `/bin/sh -c true`?")
}

// bring puts the runner on the host and starts it.
func (st *starter) bring(ctx context.Context, missing need) (*process, error) {
	r := st.runnerFor(missing)
	if r == nil {
		return nil, st.s.fault(transport.PhaseRunner, missingRunner(missing.os, missing.arch), "")
	}
	if missing.dir == "" {
		why := strings.TrimSpace(strings.Join(append(st.faults, missing.why), " "))
		return nil, st.s.fault(transport.PhaseUpload, fmt.Errorf("no directory on the host can hold the runner: %s", why),
			"free some space, or name a directory on a file system that allows programs in ansible_remote_tmp")
	}
	if st.brought {
		return nil, st.s.fault(transport.PhaseRunner, fmt.Errorf("the runner in %s does not start", missing.dir), "")
	}
	err := st.upload(ctx, r, missing)
	switch {
	case transport.IsUnreachable(err) || ctx.Err() != nil:
		return nil, err
	case err != nil:
		st.skip = append(st.skip, missing.dir)
		st.faults = append(st.faults, fmt.Sprintf("%s: %v;", missing.dir, err))
	default:
		st.brought = true
	}
	return st.exec(ctx)
}

func (st *starter) runnerFor(missing need) *Runner {
	for _, r := range st.runners {
		if r.OS == missing.os && r.Arch == missing.arch {
			return r
		}
	}
	return nil
}

// uploadTime bounds an upload; a dead link is noticed long before.
const uploadTime = 10 * time.Minute

// upload writes the runner through the shell (SFTP would cost more round
// trips and may be switched off), checks its hash and moves it into place.
func (st *starter) upload(ctx context.Context, r *Runner, missing need) error {
	ctx, cancel := context.WithTimeout(ctx, uploadTime)
	defer cancel()
	hash, err := r.Hash()
	if err != nil {
		return st.s.fault(transport.PhaseUpload, err, "")
	}
	packed, err := r.Packed()
	if err != nil {
		return st.s.fault(transport.PhaseUpload, err, "")
	}
	defer packed.Close()
	body, unpack := io.Reader(packed), unpackFile
	if !missing.gzip {
		if body, err = gzip.NewReader(packed); err != nil {
			return st.s.fault(transport.PhaseUpload, err, "")
		}
		unpack = `cat >"$t"`
	}
	var out bytes.Buffer
	return transport.Script(ctx, st.s.conn, st.s.t, uploadScript(missing.dir, unpack, r.Name, hash), body, &out)
}

// unpackFile takes all that comes before it unpacks: cat reads as fast as sshd
// can send (see transport's pacer). gunzip is often a script that starts gzip.
const unpackFile = `cat >"$t.gz"&&gzip -dc <"$t.gz" >"$t"&&rm -f "$t.gz"`

// uploadScript also removes the runners of former versions, which nobody
// would ever remove; one that still runs keeps its open file.
func uploadScript(dir, unpack, name, hash string) string {
	name = "r-" + name
	return `cd ` + transport.Quote(dir) + `||exit 1;umask 022;t=.up$$;` +
		unpack + `&&chmod 755 "$t"||{ rm -f "$t" "$t.gz";exit 1;};` +
		`s=$( { sha256sum "$t"||shasum -a 256 "$t"||openssl dgst -r -sha256 "$t"; } 2>/dev/null);` +
		`case "$s" in ""|` + hash + `*);; *)rm -f "$t";echo "the upload was damaged on its way" >&2;exit 1;; esac;` +
		`find . -name "r-*" -type f -mtime +30 -exec rm -f {} + 2>/dev/null;mv -f "$t" ` + name
}
