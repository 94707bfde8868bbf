using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Profiles;

/// <summary>Profile files: what is right, and each mistake with its line and key.</summary>
public sealed class ProfileFileTests
{
    private const string Apple = """
        name: apple-device
        accounts:
          external-account-binding: none
        identifiers:
          permanent-identifier:
            challenges: [device-attest-01]
            allow: ["*"]
            proves: device.serial
        attestation:
          mode: required
          formats: [apple]
          anchors: [apple]
          on-failure: challenge
        certificate:
          subject: CN={{device.serial}}, O=Example
          subject-alternative-names:
            - permanent-identifier: "{{identifier}}"
            - uri: urn:device:{{device.serial}}
          from-request: []
          identifier-in-certificate: true
          keys: [ec-p256, ec-p384]
          key-usage: [digital-signature]
          extended-key-usage: [client-auth]
          extensions: []
          validity: 90d
        issuer: default
        """;

    private const string Server = """
        name: tls-server
        identifiers:
          dns:
            challenges: [http-01, dns-01]
        certificate:
          subject-alternative-names: [identifiers]
          keys: [ec-p256, rsa-2048]
          extended-key-usage: [server-auth]
          validity: 12h
        """;

    [Fact]
    public void The_shape_of_the_contract_is_read()
    {
        var profile = Read("apple-device.yaml", Apple, out var mistakes);

        mistakes.Errors.Should().BeEmpty();
        profile!.Name.Should().Be("apple-device");
        profile.ExternalAccountBinding.Should().Be(ExternalAccountBindingMode.None);
        profile.Identifiers.Should().ContainKey("permanent-identifier").WhoseValue.Proves.Should().Be("device.serial");
        profile.Attestation.Mode.Should().Be(AttestationMode.Required);
        profile.Attestation.OnFailure.Should().Be(AttestationFailureAnswer.Challenge);
        profile.Certificate.Subject.Should().HaveCount(2);
        profile.Certificate.Validity.Should().Be(TimeSpan.FromDays(90));
        profile.Certificate.Backdate.Should().Be(TimeSpan.FromMinutes(5));
        profile.Issuer.Should().Be("default");
        profile.Hash.Should().HaveLength(64);
    }

    [Fact]
    public void Left_out_parts_have_their_defaults()
    {
        var profile = Read("tls-server.yaml", Server, out var mistakes)!;

        mistakes.Errors.Should().BeEmpty();
        profile.Attestation.Mode.Should().Be(AttestationMode.None);
        profile.Identifiers["dns"].Caa.Should().BeTrue("a CA checks CAA unless the profile says otherwise (RFC 8659 §3)");
        profile.Identifiers["dns"].Allows("any.example").Should().BeTrue();
        profile.Certificate.IdentifierInCertificate.Should().BeTrue();
        profile.Certificate.Validity.Should().Be(TimeSpan.FromHours(12));
    }

    [Fact]
    public void The_shipped_profiles_have_no_mistake()
    {
        var mistakes = new Mistakes();
        var folder = Path.Combine(RepositoryFiles.Root, "profiles");

        var set = ProfileSet.Load(folder, TrustFolders.Load([Path.Combine(folder, "trust")], mistakes), mistakes);

        mistakes.Errors.Should().BeEmpty();
        set.All.Select(profile => profile.Name).Should().Equal("android-device", "apple-device", "apple-user-enrollment", "iot-idevid", "linux-tpm", "printer", "tls-server", "virtual-tpm", "windows-tpm", "yubikey");
        mistakes.Warnings.Should().OnlyContain(warning => warning.Key == "attestation.anchors", "their roots are the operator's");
        mistakes.Warnings.Select(warning => Path.GetFileName(warning.File)).Should().Equal("iot-idevid.yaml");
    }

    [Fact]
    public void What_a_status_list_must_be_is_read_and_is_strict_by_default()
    {
        const string Android = """
            name: phones
            identifiers:
              permanent-identifier: { challenges: [device-attest-01], allow: ["*"], proves: device.imei }
            attestation:
              mode: required
              formats: [android-key]
              anchors: [android-key]
            RULES
            certificate:
              subject-alternative-names: [identifiers]
              keys: [ec-p256]
              extended-key-usage: [client-auth]
              validity: 90d
            issuer: default
            """;
        var mistakes = new Mistakes();

        var strict = ProfileFile.Parse("phones.yaml", Android.Replace("RULES", "", StringComparison.Ordinal), mistakes)!.Attestation;
        var lenient = ProfileFile.Parse(
            "phones.yaml", Android.Replace("RULES", "  status-list: { stale-after: 7d, missing: accept }\n  expired-certificates: tolerate", StringComparison.Ordinal), mistakes)!.Attestation;

        mistakes.Errors.Should().BeEmpty();
        strict.StatusList.Should().BeNull();
        strict.TolerateExpired.Should().BeFalse();
        lenient.StatusList.Should().Be(new StatusListRule(TimeSpan.FromDays(7), true));
        lenient.TolerateExpired.Should().BeTrue();
    }

    [Fact]
    public void Which_TPMs_are_certified_is_read_and_is_strict_by_default()
    {
        const string Tpm = """
            name: hosts
            identifiers:
              permanent-identifier: { challenges: [device-attest-01], allow: ["*"], proves: tpm.permanent-identifier }
            attestation:
              mode: required
              formats: [tpm]
              anchors: [tpm, tpm-ek]
            RULES
            certificate:
              subject-alternative-names: [identifiers]
              keys: [ec-p256]
              extended-key-usage: [client-auth]
              validity: 90d
            issuer: default
            """;
        const string Hash = "0dd713251f1410640481ce23a28dcb5c435724ee942c906322d1905af755c0a0";
        var mistakes = new Mistakes();
        EkPolicy? Ek(string rules) => ProfileFile.Parse("hosts.yaml", Tpm.Replace("RULES", rules, StringComparison.Ordinal), mistakes)!.Attestation.Ek;
        var colons = string.Join(':', Hash.ToUpperInvariant().Chunk(2).Select(pair => new string(pair)));

        Ek("").Should().BeNull();
        Ek("  ek: {}").Should().BeEquivalentTo(EkPolicy.Strict);
        var named = Ek($"  ek: {{ allow: ['{colons}'], identifier: public-key, vendors: [registered, 'id:00001014'] }}\n  expired-certificates: tolerate")!;

        mistakes.Errors.Should().BeEmpty();
        named.Allow.Should().Equal(Hash);
        named.Identifier.Should().Be(EkIdentifier.PublicKey);
        named.Vendors.Should().BeEquivalentTo("registered", "00001014");
        named.TolerateExpired.Should().BeTrue();
    }

    [Theory]
    [InlineData("  formats: [apple]", "  formats: [aple]", 11, "attestation.formats[0]", "did you mean 'apple'?")]
    [InlineData("  mode: required", "  mode: requierd", 10, "attestation.mode", "did you mean 'required'?")]
    [InlineData("  mode: required", "  moed: required", 10, "attestation.moed", "did you mean 'mode'?")]
    [InlineData("  mode: required", "  mode: none", 9, "attestation", "mode is none, but identifiers offers device-attest-01")]
    [InlineData("  anchors: [apple]", "  anchors: []", 9, "attestation", "needs anchors")]
    [InlineData("  anchors: [apple]", "  anchors: [../apple]", 12, "attestation.anchors[0]", "name of a folder")]
    [InlineData("  on-failure: challenge", "  status-list: { missing: accept }", 9, "attestation", "for android-key, which formats does not name")]
    [InlineData("  on-failure: challenge", "  expired-certificates: tolerate", 9, "attestation", "for android-key, which formats does not name")]
    [InlineData("  on-failure: challenge", "  ek: {}", 9, "attestation", "ek is for tpm, which formats does not name")]
    [InlineData("  on-failure: challenge", "  ek: { allow: [abc] }", 13, "attestation.ek.allow[0]", "64 hex digits; found 'abc'")]
    [InlineData("  on-failure: challenge", "  ek: { identifier: key }", 13, "attestation.ek.identifier", "certificate, public-key")]
    [InlineData("  on-failure: challenge", "  ek: { vendors: [Ifx] }", 13, "attestation.ek.vendors[0]", "did you mean 'IFX'?")]
    [InlineData("  on-failure: challenge", "  ek: { vendors: [IFX, 'id:49465800'] }", 13, "attestation.ek.vendors[1]", "there already")]
    [InlineData("  on-failure: challenge", "  ek: { vendors: [] }", 13, "attestation.ek.vendors", "must name a vendor")]
    [InlineData("  on-failure: challenge", "  ek: { alow: [] }", 13, "attestation.ek.alow", "did you mean 'allow'?")]
    [InlineData("  on-failure: challenge", "  expired-certificates: yes", 13, "attestation.expired-certificates", "refuse, tolerate")]
    [InlineData("  on-failure: challenge", "  facts: { family: mac }", 13, "attestation.facts.family", "or a fact such as device.serial")]
    [InlineData("issuer: default", "devices: { unknown: approved }", 26, "devices.unknown", "did you mean 'approve'")]
    [InlineData("issuer: default", "approval: yes", 26, "approval", "must be one of none, required")]
    [InlineData("issuer: default", "approval: { mode: required, expires: 91d }", 26, "approval.expires", "at most 90 days")]
    [InlineData("issuer: default", "devices: { unknown: accept }", 26, "devices.unknown", "must be one of refuse, register")]
    [InlineData("issuer: default", "devices: { unknwon: refuse }", 26, "devices.unknwon", "did you mean 'unknown'?")]
    [InlineData("    proves: device.serial", "    proves: tickets", 8, "identifiers.permanent-identifier.proves", "must be the dotted name of a fact, for example device.serial, or ticket")]
    [InlineData("    proves: device.serial", "    proves: device.serial\n    pre-validated: by-ticket", 9, "identifiers.permanent-identifier.pre-validated", "is for dns and ip")]
    [InlineData("  external-account-binding: none", "  ticket-url: sometimes", 3, "accounts.ticket-url", "must be one of none, optional, required")]
    [InlineData("  external-account-binding: none", "  tickets-url: none", 3, "accounts.tickets-url", "did you mean 'ticket-url'?")]
    [InlineData("    proves: device.serial", "", 5, "identifiers.permanent-identifier", "needs proves")]
    [InlineData("    proves: device.serial", "    proves: device.serail", 8, "identifiers.permanent-identifier.proves", "did you mean 'device.serial'?")]
    [InlineData("    challenges: [device-attest-01]", "    challenges: [http-01]", 6, "identifiers.permanent-identifier.challenges[0]", "http-01 cannot prove a permanent-identifier")]
    [InlineData("    challenges: [device-attest-01]", "    challenges: [device-attest-1]", 6, "identifiers.permanent-identifier.challenges[0]", "did you mean 'device-attest-01'?")]
    [InlineData("    allow: [\"*\"]", "    allow: [\"/(/\"]", 7, "identifiers.permanent-identifier.allow[0]", "not a regular expression")]
    [InlineData("    allow: [\"*\"]", "    caa: true", 7, "identifiers.permanent-identifier.caa", "dns names only")]
    [InlineData("    proves: device.serial", "    proves: device.serial\n  uri: { challenges: [ledger-01] }", 9, "identifiers.uri", "needs vouched")]
    [InlineData("    proves: device.serial", "    proves: device.serial\n  uri: { challenges: [ledger-01], vouched: ['spiffe://example.org/x'] }", 9, "identifiers.uri.vouched[0]", "it is the ledger that vouches")]
    [InlineData("    proves: device.serial", "    proves: device.serial\n  uri: { challenges: [ledger-01], vouched: ['spiffe://example.org/{{device.serial}}'] }", 9, "identifiers.uri.vouched[0]", "it is the ledger that vouches")]
    [InlineData("    proves: device.serial", "    proves: device.serial\n  uri: { challenges: [http-01], vouched: ['{{ledger.uri}}'] }", 9, "identifiers.uri.challenges[0]", "http-01 cannot prove a uri")]
    [InlineData("    proves: device.serial", "    proves: device.serial\n    vouched: ['{{ledger.uri}}']", 9, "identifiers.permanent-identifier.vouched", "is for uri alone")]
    [InlineData("name: apple-device", "name: appel-device", 1, "name", "must be the file's name, 'apple-device'")]
    [InlineData("name: apple-device", "name: ../apple", 1, "name", "it stands in URLs")]
    [InlineData("name: apple-device", "", 2, "", "needs name")]
    [InlineData("issuer: default", "issuer: ../x", 26, "issuer", "folder under ca/")]
    [InlineData("issuer: default", "isuer: default", 26, "isuer", "did you mean 'issuer'?")]
    [InlineData("  external-account-binding: none", "  external-account-binding: maybe", 3, "accounts.external-account-binding", "must be one of none, optional, required")]
    [InlineData("  keys: [ec-p256, ec-p384]", "  keys: [ec-p255]", 21, "certificate.keys[0]", "did you mean 'ec-p256'?")]
    [InlineData("  keys: [ec-p256, ec-p384]", "  keys: []", 21, "certificate.keys", "at least one key type")]
    [InlineData("  key-usage: [digital-signature]", "  key-usage: [key-cert-sign]", 22, "certificate.key-usage[0]", "cannot make one")]
    [InlineData("  extended-key-usage: [client-auth]", "  extended-key-usage: [cliant-auth]", 23, "certificate.extended-key-usage[0]", "did you mean 'client-auth'?")]
    [InlineData("  extended-key-usage: [client-auth]", "", 14, "certificate", "needs extended-key-usage")]
    [InlineData("  validity: 90d", "  validity: 90", 25, "certificate.validity", "a number and a unit")]
    [InlineData("  validity: 90d", "  validity: 0d", 25, "certificate.validity", "more than 0")]
    [InlineData("  validity: 90d", "  validity: 5m", 25, "certificate.validity", "longer than backdate")]
    [InlineData("  subject: CN={{device.serial}}, O=Example", "  subject: CN={{device.serial, O=Example", 15, "certificate.subject", "not closed")]
    [InlineData("  subject: CN={{device.serial}}, O=Example", "  subject: KN={{device.serial}}", 15, "certificate.subject", "did you mean 'CN'?")]
    [InlineData("  subject: CN={{device.serial}}, O=Example", "  subject: CN={{serial}}", 15, "certificate.subject", "must name 'identifier' or a fact")]
    [InlineData("  subject: CN={{device.serial}}, O=Example", "  subject: C=Germany", 15, "certificate.subject", "longer than the 2")]
    [InlineData("    - uri: urn:device:{{device.serial}}", "    - url: urn:x", 18, "certificate.subject-alternative-names[1].url", "did you mean 'uri'?")]
    [InlineData("    - uri: urn:device:{{device.serial}}", "    - uri: no uri", 18, "certificate.subject-alternative-names[1].uri", "is not a valid uri")]
    [InlineData("    - uri: urn:device:{{device.serial}}", "    - uri: \"tag:microsoft.com,2022-09-14:sid:{{device.serial}}\"", 18, "certificate.subject-alternative-names[1].uri", "set certificate.microsoft-sid")]
    [InlineData("    - permanent-identifier: \"{{identifier}}\"", "", 14, "certificate", "no place for the ordered permanent-identifier")]
    [InlineData("  identifier-in-certificate: true", "  identifier-in-certificate: false", 14, "certificate", "identifier-in-certificate is false, but subject (CN) shows {{device.serial}}")]
    [InlineData("  from-request: []", "  from-request: [{ subject.O: Example }]", 19, "certificate.from-request[0].subject.O", "sets O itself")]
    [InlineData("  from-request: []", "  from-request: [{ subject-alternative-names.uri: 'urn:*' }]", 19, "certificate.from-request[0].subject-alternative-names.uri", "sets a uri name itself")]
    [InlineData("  from-request: []", "  from-request: [{ subject.serialNumber: '*' }]", 19, "certificate.from-request[0].subject.serialNumber", "cannot come from a CSR")]
    [InlineData("  from-request: []", "  from-request: [{ subject-alternative-names.permanent-identifier: '*' }]", 19, "certificate.from-request[0].subject-alternative-names.permanent-identifier", "cannot come from a CSR")]
    [InlineData("  from-request: []", "  from-request: [{ subject-alternative-names.upn: '*' }]", 19, "certificate.from-request[0].subject-alternative-names.upn", "cannot come from a CSR")]
    [InlineData("  from-request: []", "  from-request: [subject.OU]", 19, "certificate.from-request[0]", "and the pattern it must match")]
    [InlineData("  extensions: []", "  extensions: [{ oid: 1.3.6.1.4.1.311.25.2, der: '0500' }]", 24, "certificate.extensions[0].oid", "device ledger")]
    [InlineData("  extensions: []", "  extensions: [{ oid: 2.5.29.19, der: '30030101ff' }]", 24, "certificate.extensions[0].oid", "set by the CA")]
    [InlineData("  extensions: []", "  extensions: [{ oid: 1.2.3.4, der: '0501' }]", 24, "certificate.extensions[0].der", "exactly one value in DER")]
    [InlineData("  extensions: []", "  extensions: [{ oid: 1.2.03, utf8: x }]", 24, "certificate.extensions[0].oid", "dotted decimal")]
    [InlineData("  extensions: []", "  extensions: [{ oid: 1.2.3, utf8: x, ia5: y }]", 24, "certificate.extensions[0]", "needs one value")]
    public void Each_mistake_is_told_with_its_line_and_key(string right, string wrong, int line, string key, string message)
    {
        Apple.Should().Contain(right, "the test changes one line of a valid profile");

        var profile = Read("apple-device.yaml", Apple.Replace(right, wrong), out var mistakes);

        profile.Should().BeNull();
        mistakes.Errors.Should().Contain(mistake => mistake.Key == key && mistake.Line == line && mistake.Message.Contains(message), string.Join("\n", mistakes.Errors));
    }

    [Fact]
    public void A_ticket_does_not_stand_for_evidence()
    {
        var text = Apple.Replace("proves: device.serial", "proves: ticket").Replace("- permanent-identifier: \"{{identifier}}\"\n    ", "")
            .Replace("  mode: required\n  formats: [apple]\n  anchors: [apple]", "  mode: none");

        Read("apple-device.yaml", text, out var mistakes).Should().BeNull();

        mistakes.Errors.Should().Contain(mistake => mistake.Key == "attestation" && mistake.Message.Contains("its evidence still has to bind the key"), string.Join("\n", mistakes.Errors));
    }

    [Theory]
    [InlineData("challenges: [http-01, dns-01]", "challenges: [device-attest-01]", "cannot prove a dns identifier")]
    [InlineData("  dns:\n    challenges: [http-01, dns-01]", "  ip:\n    challenges: [dns-01]", "dns-01 cannot prove a ip identifier")]
    [InlineData("  subject-alternative-names: [identifiers]", "  subject: CN={{device.serial}}", "takes no evidence: name a default")]
    [InlineData("  subject-alternative-names: [identifiers]", "  subject-alternative-names: [{ dns: host.example }]", "no place for the ordered dns")]
    [InlineData("name: tls-server", "name: tls-server\nattestation: { mode: required, formats: [apple], anchors: [apple] }", "no identifier offers device-attest-01")]
    [InlineData("name: tls-server", "name: tls-server\nattestation: { mode: none, formats: [apple] }", "nothing would look at them")]
    [InlineData("    challenges: [http-01, dns-01]", "    challenges: [http-01]\n    proves: device.serial", "only permanent-identifier and hardware-module")]
    [InlineData("    challenges: [http-01, dns-01]", "    challenges: []", "at least one challenge type")]
    [InlineData("    challenges: [http-01, dns-01]", "    challenges: http-01", "must be a list")]
    public void Parts_that_contradict_each_other_are_told(string right, string wrong, string message)
    {
        Server.Should().Contain(right);

        Read("tls-server.yaml", Server.Replace(right, wrong), out var mistakes).Should().BeNull();

        mistakes.Errors.Should().Contain(mistake => mistake.Message.Contains(message), string.Join("\n", mistakes.Errors));
    }

    [Theory]
    [InlineData("name: [", "is not YAML")]
    [InlineData("name: a\nname: b", "is not YAML")]
    [InlineData("just text", "must be a mapping")]
    [InlineData("", "0 YAML documents")]
    [InlineData("name: a\n---\nname: b", "2 YAML documents")]
    public void What_is_no_profile_at_all_is_told(string text, string message)
    {
        Read("a.yaml", text, out var mistakes).Should().BeNull();

        mistakes.Errors.Should().ContainSingle().Which.Message.Should().Contain(message);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public void A_file_that_nests_without_end_is_told(string opening)
    {
        Read("a.yaml", string.Concat(Enumerable.Repeat(opening, ProfileFile.MaximumLength / opening.Length)), out var mistakes).Should().BeNull();

        mistakes.Errors.Should().NotBeEmpty();
    }

    [Fact]
    public void Whatever_is_changed_in_a_file_is_at_worst_a_mistake() =>
        Prop.ForAll(ArbMap.Default.ArbFor<Tuple<PositiveInt, PositiveInt, char>>(), change =>
        {
            var at = change.Item1.Get * 37 % Apple.Length;
            var length = Math.Min(change.Item2.Get % 20, Apple.Length - at);
            var profile = Read("apple-device.yaml", Apple[..at] + change.Item3 + Apple[(at + length)..], out var mistakes);
            return profile is not null || mistakes.Errors.Count > 0;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void All_mistakes_of_all_files_are_reported_together()
    {
        var folder = Directory.CreateTempSubdirectory("profiles-").FullName;
        File.WriteAllText(Path.Combine(folder, "one.yaml"), Server.Replace("tls-server", "one").Replace("12h", "twelve").Replace("http-01", "http-1"));
        File.WriteAllText(Path.Combine(folder, "two.yaml"), Server.Replace("ec-p256", "ec-p1"));
        var mistakes = new Mistakes();

        ProfileSet.Load(folder, TrustFolders.Load([], mistakes), mistakes).All.Should().BeEmpty();

        mistakes.Errors.Select(mistake => (Path.GetFileName(mistake.File), mistake.Key)).Should().BeEquivalentTo(
        [
            ("one.yaml", "identifiers.dns.challenges[0]"),
            ("one.yaml", "certificate.validity"),
            ("two.yaml", "name"),
            ("two.yaml", "certificate.keys[0]"),
        ]);
        mistakes.Errors[0].ToString().Should().StartWith(Path.Combine(folder, "one.yaml") + ":4: identifiers.dns.challenges[0]: ");
        Directory.Delete(folder, true);
    }

    [Fact]
    public void A_folder_of_roots_that_is_missing_is_a_mistake_with_the_nearest_name()
    {
        var folder = Directory.CreateTempSubdirectory("profiles-").FullName;
        File.WriteAllText(Path.Combine(folder, "apple-device.yaml"), Apple.Replace("anchors: [apple]", "anchors: [aple]"));
        var mistakes = new Mistakes();
        var trust = TrustFolders.Load([Path.Combine(RepositoryFiles.Root, "profiles", "trust")], mistakes);

        ProfileSet.Load(folder, trust, mistakes);

        mistakes.Errors.Should().ContainSingle().Which.Message.Should().Contain("the folder 'aple'").And.Contain("did you mean 'apple'?");
        Directory.Delete(folder, true);
    }

    private static CertificateProfile? Read(string path, string text, out Mistakes mistakes)
    {
        mistakes = new Mistakes();
        return ProfileFile.Parse(path, text, mistakes);
    }
}
