using System.Security.Cryptography.Pkcs;
using System.Text;
using System.Text.Json;
using DeviceAcme.Cli.Apple;
using DeviceAcme.Cli.Apple.Lint;
using DeviceAcme.Cli.Apple.Plist;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Cli;

/// <summary><c>deviceacme apple payload</c>, read again.</summary>
public sealed class ApplePayloadTests : IDisposable
{
    private readonly TestCertificate _root = new("Example Root");

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task A_payload_for_one_device_says_what_the_profile_says()
    {
        var profile = await Payload("--serial", "C02XK1PZJGH5");

        profile.TextOf("PayloadType").Should().Be("Configuration");
        profile.TextOf("PayloadScope").Should().Be("System");
        var acme = Part(profile, AppleKey.AcmePayload);
        acme.TextOf("DirectoryURL").Should().Be("https://acme.example/acme/apple-device/directory");
        acme.TextOf("ClientIdentifier").Should().Be("C02XK1PZJGH5");
        acme.TextOf("KeyType").Should().Be("ECSECPrimeRandom");
        acme.Find("KeySize").Should().Be(new PlistValue.Integer(256));
        acme.Find("HardwareBound").Should().Be(new PlistValue.Flag(true));
        acme.Find("Attest").Should().Be(new PlistValue.Flag(true));
        acme.Find("UsageFlags").Should().Be(new PlistValue.Integer(1));
        Texts(acme.Find("ExtendedKeyUsage")!).Should().Equal("1.3.6.1.5.5.7.3.2");
        Texts(acme.Find("Subject")!).Should().Equal("CN", "C02XK1PZJGH5");
    }

    [Fact]
    public async Task It_has_no_finding_of_its_own_lint()
    {
        foreach (var mdm in MdmService.All)
        {
            var octets = Encoding.UTF8.GetBytes((await Run("--mdm", mdm.Name, "--root", _root.CertificateFile)).ShouldExit(0).Output);
            var subject = new LintSubject { File = PayloadFile.Read(octets), Mdm = mdm, ServerUrl = Terminal.Url, Profile = Samples.AppleDevice, Roots = [_root.Certificate], Now = Terminal.Now };

            LintRules.Run(subject).Should().BeEmpty("the payload for {0} is ours", mdm.Title);
        }
    }

    [Theory]
    [InlineData("jamf", "$SERIALNUMBER")]
    [InlineData("intune", "{{serialnumber}}")]
    [InlineData("fleet", "$FLEET_VAR_HOST_HARDWARE_SERIAL")]
    [InlineData("mosyle", "%SerialNumber%")]
    [InlineData("iru", "$SERIAL_NUMBER")]
    [InlineData("workspace-one", "{DeviceSerialNumber}")]
    public async Task A_management_gets_its_own_variable_in_identifier_and_subject(string mdm, string variable)
    {
        var acme = Part(await Payload("--mdm", mdm), AppleKey.AcmePayload);

        acme.TextOf("ClientIdentifier").Should().Be(variable);
        Texts(acme.Find("Subject")!).Should().EndWith(["CN", variable]);
    }

    [Fact]
    public async Task Fleet_finds_its_renewal_marker_in_the_subject() =>
        Texts(Part(await Payload("--mdm", "fleet"), AppleKey.AcmePayload).Find("Subject")!).Should().Equal("OU", "$FLEET_VAR_CERTIFICATE_RENEWAL_ID", "CN", "$FLEET_VAR_HOST_HARDWARE_SERIAL");

    [Fact]
    public async Task The_root_and_a_network_that_refers_to_the_identity_come_with_it()
    {
        var profile = await Payload("--mdm", "jamf", "--root", _root.CertificateFile, "--wifi", "Office", "--wifi-server", "radius.example");

        var root = Part(profile, AppleKey.RootPayload);
        ((PlistValue.Data)root.Find("PayloadContent")!).Value.ToArray().Should().Equal(_root.Certificate.RawData);
        var wifi = Part(profile, AppleKey.WifiPayload);
        wifi.TextOf("SSID_STR").Should().Be("Office");
        wifi.TextOf("PayloadCertificateUUID").Should().Be(Part(profile, AppleKey.AcmePayload).TextOf("PayloadUUID"));
        var eap = (PlistValue.Dictionary)wifi.Find("EAPClientConfiguration")!;
        ((PlistValue.Array)eap.Find("AcceptEAPTypes")!).Items.Should().Equal(new PlistValue.Integer(13));
        Texts(eap.Find("PayloadCertificateAnchorUUID")!).Should().Equal(root.TextOf("PayloadUUID"));
        Texts(eap.Find("TLSTrustedServerNames")!).Should().Equal("radius.example");
    }

    [Fact]
    public async Task Another_root_of_the_RADIUS_server_is_the_only_anchor_of_the_network()
    {
        using var radius = new TestCertificate("RADIUS Root");

        var profile = await Payload("--mdm", "jamf", "--root", _root.CertificateFile, "--wifi", "Office", "--wifi-server", "radius.example", "--wifi-root", radius.CertificateFile);

        var roots = Parts(profile).Where(part => part.TextOf("PayloadType") == AppleKey.RootPayload).ToArray();
        roots.Should().HaveCount(2);
        var anchors = Texts(((PlistValue.Dictionary)Part(profile, AppleKey.WifiPayload).Find("EAPClientConfiguration")!).Find("PayloadCertificateAnchorUUID")!);
        var anchor = roots.Should().ContainSingle(root => root.TextOf("PayloadUUID") == anchors.Single()).Subject;
        ((PlistValue.Data)anchor.Find("PayloadContent")!).Value.ToArray().Should().Equal(radius.Certificate.RawData);
    }

    [Fact]
    public async Task The_same_command_gives_the_same_identifiers_and_another_profile_others()
    {
        var first = Uuids(await Payload("--serial", "C02XK1PZJGH5", "--root", _root.CertificateFile));
        var again = Uuids(await Payload("--serial", "C02XK1PZJGH6", "--root", _root.CertificateFile));
        var other = Uuids(await Payload("--serial", "C02XK1PZJGH5", "--root", _root.CertificateFile, "--identifier", "example.other"));

        first.Should().OnlyHaveUniqueItems().And.HaveCount(3);
        again.Should().Equal(first, "the next profile must replace this one");
        other.Should().NotIntersectWith(first);
    }

    [Fact]
    public async Task A_signed_profile_verifies_and_holds_the_profile()
    {
        using var signer = new TestCertificate("Example Signer");
        var file = signer.Beside("signed.mobileconfig");

        (await Run("--serial", "C02XK1PZJGH5", "--sign-cert", signer.CertificateFile, "--sign-key", signer.KeyFile, "--output", file)).ShouldExit(0).Output.Should().BeEmpty();

        var message = new SignedCms();
        message.Decode(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        message.CheckSignature(verifySignatureOnly: true);
        message.SignerInfos[0].Certificate!.Subject.Should().Be("CN=Example Signer");
        message.SignerInfos[0].SignedAttributes.Cast<System.Security.Cryptography.CryptographicAttributeObject>().SelectMany(attribute => attribute.Values.OfType<Pkcs9SigningTime>())
            .Should().ContainSingle().Which.SigningTime.Should().Be(Terminal.Now.UtcDateTime);
        Part(PlistReader.Read(message.ContentInfo.Content), AppleKey.AcmePayload).TextOf("ClientIdentifier").Should().Be("C02XK1PZJGH5");
    }

    [Fact]
    public async Task The_declarative_document_has_the_same_keys_and_no_others()
    {
        var profile = Part(await Payload("--mdm", "jamf"), AppleKey.AcmePayload);

        var document = PlistJson.Read(Encoding.UTF8.GetBytes((await Run("--mdm", "jamf", "--format", "declarative")).ShouldExit(0).Output));

        document.Keys.Should().Equal(profile.Keys.Where(key => !key.StartsWith("Payload", StringComparison.Ordinal)));
        document.Entries.Should().BeEquivalentTo(profile.Entries.Where(entry => document.Keys.Contains(entry.Key)), options => options.RespectingRuntimeTypes());
    }

    [Fact]
    public async Task The_declarations_lead_from_the_identity_to_the_document()
    {
        var answer = (await Run("--mdm", "jamf", "--format", "declarative", "--data-url", "https://mdm.example/acme.json")).ShouldExit(0);

        var declarations = JsonElement.Parse(answer.Output).EnumerateArray().ToArray();
        declarations.Select(item => item.GetProperty("Type").GetString()).Should().Equal("com.apple.asset.credential.acme", "com.apple.configuration.security.identity");
        declarations[0].GetProperty("Payload").GetProperty("Reference").GetProperty("DataURL").GetString().Should().Be("https://mdm.example/acme.json");
        declarations[1].GetProperty("Payload").GetProperty("CredentialAssetReference").GetString().Should().Be(declarations[0].GetProperty("Identifier").GetString());
    }

    [Theory]
    [InlineData(1, "takes no permanent-identifier", "--profile", "tls-server", "--serial", "C02")]
    [InlineData(1, "takes no apple evidence", "--profile", "android-device", "--serial", "C02")]
    [InlineData(1, "no profile is named 'apple-devise'", "--profile", "apple-devise", "--serial", "C02")]
    [InlineData(2, "whose?", "--profile", "apple-device")]
    [InlineData(2, "--mdm: 'jam' is not known", "--profile", "apple-device", "--mdm", "jam")]
    [InlineData(2, "--key-size 521", "--profile", "apple-device", "--serial", "C02", "--key-size", "521")]
    [InlineData(2, "--wifi needs --wifi-server", "--profile", "apple-device", "--serial", "C02", "--wifi", "Office")]
    [InlineData(2, "a signed profile cannot have variables", "--profile", "apple-device", "--mdm", "jamf", "--sign-cert", "x", "--sign-key", "x", "-o", "x")]
    [InlineData(2, "a signed profile is binary", "--profile", "apple-device", "--serial", "C02", "--sign-cert", "x", "--sign-key", "x")]
    [InlineData(2, "go together", "--profile", "apple-device", "--serial", "C02", "--sign-cert", "x", "-o", "x")]
    [InlineData(2, "--format: expected mobileconfig or declarative", "--profile", "apple-device", "--serial", "C02", "--format", "xml")]
    public async Task What_cannot_be_is_refused_with_the_reason(int code, string reason, params string[] arguments)
    {
        var answer = (await Terminal.TypeWithServer(["apple", "payload", .. arguments])).ShouldExit(code);

        answer.Output.Should().BeEmpty();
        answer.Error.Should().Contain("deviceacme: error: ").And.Contain(reason);
    }

    [Fact]
    public async Task A_device_that_the_profile_does_not_allow_gets_no_payload()
    {
        var folder = Directory.CreateTempSubdirectory("deviceacme-profiles-");
        try
        {
            var text = await File.ReadAllTextAsync(Path.Combine(Terminal.Profiles, "apple-device.yaml"), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "apple-device.yaml"), text.Replace("allow: [\"*\"]", "allow: [\"C02*\"]", StringComparison.Ordinal), TestContext.Current.CancellationToken);

            var answer = await Terminal.Type("apple", "payload", "--profile", "apple-device", "--profiles", folder.FullName, "--url", Terminal.Url, "--data", folder.FullName, "--serial", "F17XK1PZJGH5");

            answer.ShouldExit(1).Error.Should().Contain("does not allow 'F17XK1PZJGH5'").And.Contain("C02*");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_profile_that_proves_the_UDID_gets_it_and_a_warning_about_Macs()
    {
        var folder = Directory.CreateTempSubdirectory("deviceacme-profiles-");
        try
        {
            var text = await File.ReadAllTextAsync(Path.Combine(Terminal.Profiles, "apple-device.yaml"), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(
                Path.Combine(folder.FullName, "apple-device.yaml"), text.Replace("proves: device.serial", "proves: device.udid", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            Task<Answer> For(string mdm) => Terminal.Type("apple", "payload", "--profile", "apple-device", "--profiles", folder.FullName, "--url", Terminal.Url, "--data", folder.FullName, "--mdm", mdm);

            var answer = (await For("mosyle")).ShouldExit(0);
            var acme = Part(PlistReader.Read(Encoding.UTF8.GetBytes(answer.Output)), AppleKey.AcmePayload);
            acme.TextOf("ClientIdentifier").Should().Be("%UUID%");
            Texts(acme.Find("Subject")!).Should().Equal("CN", "%SerialNumber%");
            answer.Error.Should().Contain("provisioning UDID");
            (await For("intune")).ShouldExit(2).Error.Should().Contain("Microsoft Intune has no variable for it");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_ticket_is_what_is_ordered_where_the_profile_wants_one_and_else_the_directory()
    {
        const string Ticket = "tkt_AAAAAAAAAAAAAAAAAAAAAA";
        var ordered = PlistReader.Read(Encoding.UTF8.GetBytes((await Terminal.TypeWithServer(["apple", "payload", "--profile", "apple-user-enrollment", "--ticket", Ticket])).ShouldExit(0).Output));
        Part(ordered, AppleKey.AcmePayload).TextOf("ClientIdentifier").Should().Be(Ticket, "the device sends it verbatim");
        Part(ordered, AppleKey.AcmePayload).TextOf("DirectoryURL").Should().Be("https://acme.example/acme/apple-user-enrollment/directory");

        var directory = Part(await Payload("--serial", "C02XK1PZJGH5", "--ticket", $"https://acme.example/acme/apple-device/{Ticket}/directory"), AppleKey.AcmePayload);
        directory.TextOf("ClientIdentifier").Should().Be("C02XK1PZJGH5");
        directory.TextOf("DirectoryURL").Should().Be($"https://acme.example/acme/apple-device/{Ticket}/directory");

        var variable = PlistReader.Read(Encoding.UTF8.GetBytes((await Terminal.TypeWithServer(["apple", "payload", "--profile", "apple-user-enrollment", "--mdm", "jamf", "--ticket", "$EXTENSIONATTRIBUTE_12"])).ShouldExit(0).Output));
        Part(variable, AppleKey.AcmePayload).TextOf("ClientIdentifier").Should().Be("$EXTENSIONATTRIBUTE_12");
        (await Terminal.TypeWithServer(["apple", "payload", "--profile", "apple-user-enrollment", "--serial", "C02XK1PZJGH5"])).ShouldExit(2).Error.Should().Contain("wants a ticket: whose?").And.Contain("--new-ticket");
    }

    [Fact]
    public async Task Help_ends_with_lines_to_copy() =>
        (await Terminal.Type("apple", "payload", "--help")).ShouldExit(0).Output.Should().Contain("Examples:").And.Contain("  deviceacme apple payload --profile apple-device");

    private static Task<Answer> Run(params string[] arguments) => Terminal.TypeWithServer(["apple", "payload", "--profile", "apple-device", .. arguments]);

    private static async Task<PlistValue.Dictionary> Payload(params string[] arguments) =>
        PlistReader.Read(Encoding.UTF8.GetBytes((await Run(arguments)).ShouldExit(0).Output));

    private static IEnumerable<PlistValue.Dictionary> Parts(PlistValue.Dictionary profile) => ((PlistValue.Array)profile.Find("PayloadContent")!).Items.Cast<PlistValue.Dictionary>();

    private static PlistValue.Dictionary Part(PlistValue.Dictionary profile, string type) =>
        Parts(profile).Should().ContainSingle(part => part.TextOf("PayloadType") == type).Subject;

    private static string?[] Uuids(PlistValue.Dictionary profile) => [profile.TextOf("PayloadUUID"), .. Parts(profile).Select(part => part.TextOf("PayloadUUID"))];

    // all strings of a value, in order
    private static IReadOnlyList<string> Texts(PlistValue value) => value switch
    {
        PlistValue.Text text => [text.Value],
        PlistValue.Array array => [.. array.Items.SelectMany(Texts)],
        _ => [],
    };
}
