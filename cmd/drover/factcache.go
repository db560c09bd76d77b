package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"drover/internal/config"
	"drover/playbook/engine"
	"drover/playbook/value"
)

// factCache gives the cache that the configuration asks for, nil for memory.
func factCache(cfg *config.Config) (engine.FactCache, error) {
	kind := cfg.FactCaching[strings.LastIndexByte(cfg.FactCaching, '.')+1:]
	switch kind {
	case "", "memory":
		return nil, nil
	case "jsonfile":
		if cfg.FactCachingPath == "" {
			return nil, errors.New("fact_caching = jsonfile needs a folder in fact_caching_connection")
		}
		return &jsonFacts{dir: cfg.FactCachingPath, prefix: cfg.FactCachingPrefix, expiry: cfg.FactCachingExpiry, plain: cfg.Compat == "2.18"}, nil
	}
	return nil, fmt.Errorf("fact_caching (%s): no cache called %q; there are memory and jsonfile", cfg.Origin("fact_caching"), cfg.FactCaching)
}

// jsonFacts keeps the facts of each host in a JSON file, as Ansible's jsonfile
// cache does.
type jsonFacts struct {
	dir    string
	prefix string        // of the files' names
	expiry time.Duration // 0: never
	plain  bool          // the files of Ansible before 2.19: just the facts
}

// What Ansible 2.19 puts before a host's name, and the key that holds the facts.
const (
	factsSchema  = "s1_"
	factsPayload = "__payload__"
)

func (c *jsonFacts) path(host string) string {
	if strings.ContainsAny(host, "/\x00") || host == "." || host == ".." {
		host = "x" + hex.EncodeToString([]byte(host))
	}
	if !c.plain {
		host = factsSchema + host
	}
	return filepath.Join(c.dir, c.prefix+host)
}

// Get gives the facts that are kept and fresh.
func (c *jsonFacts) Get(host string) (*value.Dict, bool) {
	st, err := os.Stat(c.path(host))
	if err != nil || (c.expiry > 0 && time.Since(st.ModTime()) > c.expiry) {
		return nil, false
	}
	data, err := os.ReadFile(c.path(host))
	if err != nil {
		return nil, false
	}
	v, err := value.ParseJSON(data)
	if err == nil && !c.plain {
		v, err = unwrapFacts(v)
	}
	d, ok := v.(*value.Dict)
	return d, err == nil && ok
}

// Set keeps facts, replacing the file at once. Facts that hold a secret (of
// set_fact with cacheable) last for the run only: the file is plain text.
func (c *jsonFacts) Set(host string, facts *value.Dict) error {
	data, err := c.encode(withoutSecrets(facts))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.dir, ".facts-*")
	if err != nil {
		return err
	}
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Close()); err != nil {
		os.Remove(f.Name())
		return err
	}
	return os.Rename(f.Name(), c.path(host))
}

// encode gives the text of a file: since 2.19 a text of JSON inside JSON.
func (c *jsonFacts) encode(facts *value.Dict) ([]byte, error) {
	if c.plain {
		return value.AppendJSON(nil, facts, value.JSONOptions{Pretty: true, Indent: "    ", SortKeys: true})
	}
	inner, err := value.AppendJSON(nil, withTypes(facts), value.JSONOptions{})
	if err != nil {
		return nil, err
	}
	return value.AppendJSON(nil, value.DictOf(factsPayload, string(inner)), value.JSONOptions{})
}

func withoutSecrets(facts *value.Dict) *value.Dict {
	kept := value.NewDict(facts.Len())
	for _, e := range facts.Entries() {
		if !value.IsSecret(e.Val) {
			kept.Set(e.Key, e.Val)
		}
	}
	return kept
}

// Delete forgets a host's facts.
func (c *jsonFacts) Delete(host string) error {
	err := os.Remove(c.path(host))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
