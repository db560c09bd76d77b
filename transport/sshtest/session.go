package sshtest

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// startMark is in the line that starts drover's runner and in no other.
const startMark = `#drover-""need#`

// session serves one session channel until its command ends.
func (s *Server) session(ctx context.Context, conn *ssh.ServerConn, ch ssh.Channel, requests <-chan *ssh.Request) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for r := range requests {
		switch r.Type {
		case "exec":
			var m struct{ Line string }
			_ = r.Reply(ssh.Unmarshal(r.Payload, &m) == nil, nil)
			s.running.Go(func() {
				defer ch.Close()
				exit(ch, s.exec(ctx, conn.User(), m.Line, ch))
			})
		case "subsystem":
			ok := !s.o.NoSFTP && strings.HasSuffix(string(r.Payload), "sftp")
			_ = r.Reply(ok, nil)
			if ok {
				s.running.Go(func() { s.sftp(ch) })
			}
		case "pty-req", "env":
			_ = r.Reply(r.Type == "env", nil)
		default:
			if r.WantReply {
				_ = r.Reply(false, nil)
			}
		}
	}
}

func exit(ch ssh.Channel, code int) {
	if code < 0 {
		// exit-signal: name, core dumped, message, language
		_, _ = ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Name      string
			Core      bool
			Msg, Lang string
		}{Name: signalNames[-code]}))
		return
	}
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
}

var signalNames = map[int]string{1: "HUP", 2: "INT", 9: "KILL", 15: "TERM"}

// exec runs a command line; its end comes with the channel's at the latest.
func (s *Server) exec(ctx context.Context, user, line string, ch ssh.Channel) int {
	if s.o.Runner != nil && strings.Contains(line, startMark) {
		if err := s.o.Runner(ctx, ch, ch); err != nil {
			return 1
		}
		return 0
	}
	if s.o.LoginScript != "" {
		line = s.o.LoginScript + "\n" + line
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	cmd.Dir = s.o.Home
	cmd.Env = append([]string{"HOME=" + s.o.Home, "USER=" + user, "LOGNAME=" + user, "SHELL=/bin/sh",
		"PATH=" + os.Getenv("PATH")}, s.o.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGHUP) }
	cmd.WaitDelay = 3 * time.Second
	cmd.Stdout, cmd.Stderr = ch, ch.Stderr()
	in, err := cmd.StdinPipe()
	if err != nil {
		return 255
	}
	go func() {
		_, _ = io.Copy(in, ch)
		in.Close()
	}()
	return exitCode(cmd.Run())
}

func exitCode(err error) int {
	var e *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return 0
	case !errors.As(err, &e):
		return 255
	}
	if ws, ok := e.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return -int(ws.Signal())
	}
	return e.ExitCode()
}

func (s *Server) sftp(ch ssh.Channel) {
	defer ch.Close()
	server, err := sftp.NewServer(ch, sftp.WithServerWorkingDirectory(s.o.Home))
	if err == nil {
		_ = server.Serve()
	}
}
