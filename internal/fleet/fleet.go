// Package fleet starts hosts inside the process: SSH servers on loopback, each
// with a scratch folder as its home, and the files that reach them (a key,
// known_hosts, an inventory). The demo and the command-line tests use it.
package fleet

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"drover/transport/sshtest"
)

// Fleet is a set of running hosts. Close stops them; their folders stay.
type Fleet struct {
	Inventory  string // path of the inventory file
	Key        string // path of the private key that logs in
	KnownHosts string // path of the file with the hosts' keys
	servers    map[string]*sshtest.Server
}

// Start starts hosts with these names below dir and writes their files there.
// In the inventory they are the group "web"; the variable root is a host's
// folder, port a number of its own.
func Start(dir string, names ...string) (*Fleet, error) {
	f := &Fleet{
		Inventory: filepath.Join(dir, "hosts.ini"), Key: filepath.Join(dir, "key"),
		KnownHosts: filepath.Join(dir, "known_hosts"), servers: map[string]*sshtest.Server{},
	}
	public, err := f.writeKey()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := f.add(dir, name, public); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, errors.Join(f.writeKnownHosts(names), f.writeInventory(dir, names))
}

func (f *Fleet) writeKey() (ssh.PublicKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "drover")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(f.Key, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, err
	}
	return ssh.NewPublicKey(public)
}

func (f *Fleet) add(dir, name string, key ssh.PublicKey) error {
	home := filepath.Join(dir, "hosts", name)
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	s, err := sshtest.Start(sshtest.Options{Home: home, Key: key})
	if err != nil {
		return fmt.Errorf("starting the host %s: %w", name, err)
	}
	f.servers[name] = s
	return nil
}

// Server gives the server behind a host, to script its failures.
func (f *Fleet) Server(name string) *sshtest.Server { return f.servers[name] }

func (f *Fleet) writeKnownHosts(names []string) error {
	var b strings.Builder
	for _, n := range names {
		s := f.servers[n]
		b.WriteString(knownhosts.Line([]string{fmt.Sprintf("[127.0.0.1]:%d", s.Port())}, s.HostKey()) + "\n")
	}
	return os.WriteFile(f.KnownHosts, []byte(b.String()), 0o644)
}

func (f *Fleet) writeInventory(dir string, names []string) error {
	var b strings.Builder
	b.WriteString("[web]\n")
	for i, n := range names {
		fmt.Fprintf(&b, "%s ansible_host=127.0.0.1 ansible_port=%d root=%s port=%d\n",
			n, f.servers[n].Port(), filepath.Join(dir, "hosts", n), 8001+i)
	}
	fmt.Fprintf(&b, "\n[web:vars]\nansible_user=demo\nansible_ssh_private_key_file=%s\n"+
		"ansible_ssh_common_args=-F none -o UserKnownHostsFile=%s\n", f.Key, f.KnownHosts)
	return os.WriteFile(f.Inventory, []byte(b.String()), 0o644)
}

// Close stops all hosts.
func (f *Fleet) Close() error {
	var errs []error
	for _, s := range f.servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
