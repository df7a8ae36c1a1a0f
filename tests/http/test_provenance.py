"""The commit is told as it is, from what there is: a setting, a stamp, git's own files."""

from __future__ import annotations

import subprocess

import pytest

from pxl.http.provenance import UNKNOWN, build_sha

COMMIT = "e6a0d37" + "0123456789abcdef0123456789abcdef0"


def git(path, *words: str) -> str:
    return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", path, *words],
                          capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def clone(tmp_path):
    git(tmp_path, "init", "-q", "-b", "trunk")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    return tmp_path


def test_it_is_gits_head(clone):
    assert build_sha(clone) == git(clone, "rev-parse", "HEAD")[:7]


def test_also_when_references_are_packed(clone):
    git(clone, "pack-refs", "--all")
    assert not (clone / ".git/refs/heads/trunk").exists()
    assert build_sha(clone) == git(clone, "rev-parse", "HEAD")[:7]


def test_also_without_a_branch_and_in_a_worktree(clone):
    git(clone, "checkout", "-q", "--detach")
    assert build_sha(clone) == git(clone, "rev-parse", "HEAD")[:7]
    git(clone, "worktree", "add", "-q", "-b", "side", clone / "side")
    git(clone / "side", "commit", "-q", "--allow-empty", "-m", "second")
    assert build_sha(clone / "side") == git(clone / "side", "rev-parse", "HEAD")[:7] != build_sha(clone)


def test_a_stamp_goes_before_git_and_a_setting_before_both(clone):
    (clone / "BUILD_SHA").write_text(COMMIT + "\n")
    assert build_sha(clone) == "e6a0d37"
    assert build_sha(clone, "abcdef0") == "abcdef0"


@pytest.mark.parametrize("text", ["", "main\n", "e6a0d37\nX-Evil: 1", "E6A0D37", "é" * 40])
def test_what_is_no_commit_is_never_shown(tmp_path, text):
    assert build_sha(tmp_path) == UNKNOWN
    (tmp_path / "BUILD_SHA").write_text(text)
    assert build_sha(tmp_path) == UNKNOWN
