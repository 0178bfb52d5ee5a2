extension ChangeClasses {
    /// The classes without a `[changes]` table, in the order in which they are tried.
    public static let defaults: [(name: String, patterns: [String])] = [
        ("docs", docs), ("tests", tests), ("config", config), ("scripts", scripts), ("code", code),
    ]

    /// Patterns for files with any of these endings, in any directory.
    private static func ending(_ endings: String) -> [String] {
        endings.split(separator: " ").map { "**/*.\($0)" }
    }

    /// Patterns for these names, in any directory.
    private static func named(_ names: String) -> [String] {
        names.split(separator: " ").map { "**/\($0)" }
    }

    /// Patterns for everything below directories with these names.
    private static func below(_ names: String) -> [String] {
        names.split(separator: " ").map { "**/\($0)/**" }
    }

    private static let docs =
        ending("md mdx markdown rst adoc asciidoc txt tex org rdoc pod")
        + named("README* CHANGELOG* LICENSE* LICENCE* COPYING* NOTICE AUTHORS* CONTRIBUTING*")
        + below("docs *.docc") + ["doc/**"]
        // Lists for programs, despite their ending.
        + ["!**/CMakeLists.txt", "!**/*requirements*.txt", "!**/constraints*.txt"]

    private static let tests =
        below("test tests Tests *Tests __tests__ __mocks__ __snapshots__ spec specs testdata e2e")
        + below("androidTest testFixtures")
        // JavaScript, Go, C, C++, Python, Dart, Elixir, Ruby, Perl, the shell
        + named("*.test.* *.spec.* *_test.* *_tests.* *-test.* *-spec.* test_*.* *_unittest.*")
        + named("conftest.py tests.py tests.rs test*.js *_spec.* *.t *.bats *.feature")
        // Swift, Java, Kotlin, C#, PHP, Scala, Groovy, Haskell
        + named("*Test.* *Tests.* *TestCase.* *TestSuite.* *Spec.* *IT.java Test*.java")

    private static let config =
        ending("json jsonc json5 yaml yml toml ini cfg conf properties plist xcconfig lock env")
        + ending("gradle csproj fsproj vbproj vcxproj props targets sln tf tfvars hcl cmake bzl")
        + ending("cabal gemspec podspec nimble opam dockerfile service entitlements")
        + named(".* Dockerfile* Containerfile* Jenkinsfile* Package.swift Package@swift-*.swift")
        + named("Package.resolved go.mod go.sum go.work Gemfile Podfile Cartfile Brewfile Procfile")
        + named("Pipfile *requirements*.txt constraints*.txt setup.py CMakeLists.txt meson.build")
        + named("meson_options.txt BUILD BUILD.bazel WORKSPACE MODULE.bazel pom.xml build.xml")
        + named("*.gradle.kts build.sbt mix.exs rebar.config *.config.js *.config.ts *.config.mjs")
        + named("*.config.cjs Vagrantfile Kconfig configure.ac")
        + below(".github .gitlab .circleci .vscode .idea .devcontainer .config .cargo")

    private static let scripts =
        ending("sh bash zsh ksh fish csh ps1 psm1 bat cmd awk sed mk just")
        + named("Makefile makefile GNUmakefile Makefile.* justfile Justfile Rakefile")
        + below("scripts script") + ["steps/**", "bin/**", "src/workflow/**"]

    private static let code =
        // The web
        ending("js mjs cjs jsx ts mts cts tsx vue svelte astro css scss sass less html htm xhtml")
        + ending("php ejs hbs pug erb haml jinja j2 tmpl")
        // Compiled to machine code
        + ending("c h cc cpp cxx c++ hh hpp hxx h++ ipp inl tpp m mm swift go rs zig nim d v cr")
        + ending("s S asm f f77 f90 f95 f03 f08 for pas pp dpr ada adb ads cob cbl cu cuh odin")
        // For a virtual machine
        + ending("java kt kts scala sc groovy clj cljs cljc cs fs fsi fsx vb ex exs erl hrl dart")
        // Interpreted
        + ending("py pyi pyx pxd ipynb rb rake pl pm raku lua tcl r R jl m4 php5 phtml coffee")
        // Functional and logic
        + ending("hs lhs ml mli re rei elm purs idr agda lean lisp el scm rkt fnl pro")
        // For data, hardware and graphics
        + ending("sql graphql gql proto thrift avsc xsd xsl xslt wat sol vhd vhdl sv svh nix")
        + ending("metal glsl vert frag comp hlsl wgsl xaml storyboard xib qml y yy l ll g4 lex")
}
