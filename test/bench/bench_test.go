package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSlowLinkCountsTurns(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		c, err := server.Accept()
		if err == nil {
			_, _ = io.Copy(c, c)
		}
	}()
	link, err := newSlowLink(server.Addr().String(), 10*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer link.close()
	c, err := net.Dial("tcp", link.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	start := time.Now()
	const rounds = 3
	for range rounds {
		if _, err := c.Write([]byte("ping")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took < rounds*10*time.Millisecond {
		t.Errorf("%d round trips took only %v", rounds, took)
	}
	if n := link.turns.Load(); n != rounds-1 {
		t.Errorf("%d turns, want %d", n, rounds-1)
	}
}

func TestMixedPlaybookHas70Tasks(t *testing.T) {
	if n := strings.Count(mixedPlaybook(), "\n    - "); n != 70 {
		t.Errorf("%d tasks", n)
	}
}

func TestParseHosts(t *testing.T) {
	hosts, err := parseHosts([]byte(`{"_meta": {"hostvars": {"b": {}, "a": {"ansible_host": "127.0.0.2", "ansible_user": "me"}}}}`))
	if err != nil || len(hosts) != 2 {
		t.Fatalf("got %v, %v", hosts, err)
	}
	if want := (host{name: "a", addr: "127.0.0.2", user: "me"}); hosts[0] != want {
		t.Errorf("got %+v, want %+v", hosts[0], want)
	}
	if want := (host{name: "b", addr: "b", user: "root"}); hosts[1] != want {
		t.Errorf("got %+v, want %+v", hosts[1], want)
	}
	if _, err := parseHosts([]byte(`{}`)); err == nil {
		t.Error("no hosts are no error")
	}
}

func TestReportKeepsWhatPeopleWrote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "doc.md")
	r := &report{}
	table := &table{head: []string{"", "time"}, note: "A note."}
	table.row("drover", 1500*time.Millisecond)
	r.add("Title", table)
	if err := r.write(path); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "## Title\n\n|  | time |\n|---|---|\n| drover | 1.50 s |\n\nA note.\n"; !strings.Contains(string(first), want) {
		t.Errorf("no %q in\n%s", want, first)
	}
	if err := os.WriteFile(path, append(first, "Words.\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.write(path); err != nil {
		t.Fatal(err)
	}
	if second, _ := os.ReadFile(path); string(second) != string(first)+"Words.\n" {
		t.Errorf("the second time:\n%s", second)
	}
}
