using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Files;
using DeviceAcme.Simulator.Vendors;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class DeviceFileTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_file_says_what_a_device_is_and_how_its_client_behaves()
    {
        var file = Read("""
            kind: mac
            serial: C02FILE00001
            client-identifier: one-time-code
            key: ec-p256
            seed: laboratory
            short-signatures: false
            facts: { udid: "00006030-0000000000000001", os-version: "15.6", secure-boot: "", sip: 1 }
            csr: { common-name: Ada, email: [ada@example.com], extended-key-usage: [1.3.6.1.5.5.7.3.2], key-usage: digital-signature }
            client: { looks-for-account-first: true, contact: [mailto:ada@example.com], polls: challenge, longest-pause: 250ms, looks-at-order-before-finalize: false }
            fault: wrong-challenge
            """);

        file.Kind.Should().Be("mac");
        file.Facts.SecureBoot.Should().BeEmpty("an empty text is a blank property, which is not an absent one");
        file.Client.Should().BeEquivalentTo(new ClientBehaviour
        {
            LooksForAccountFirst = true,
            Contact = ["mailto:ada@example.com"],
            Polls = Polled.Challenge,
            LongestPause = TimeSpan.FromMilliseconds(250),
            LooksAtOrderBeforeFinalize = false,
        });
        file.Fault.Should().Be("wrong-challenge");
        var settings = file.Settings();
        settings.Ordered.Should().Be("one-time-code");
        settings.ShortSignatures.Should().BeFalse();
        settings.Csr!.CommonName.Should().Be("Ada");
    }

    [Theory]
    [InlineData("serial: 1", "kind is missing")]
    [InlineData("kind: toaster", "device.yaml:1: kind: expected one of mac,")]
    [InlineData("kind: mac\nkey: dsa", "device.yaml:2: key: expected one of")]
    [InlineData("kind: mac\nserail: 1", "device.yaml:2: serail is no member; did you mean 'serial'?")]
    [InlineData("kind: mac\nclient: { polls: often }", "device.yaml:2: client.polls: expected one of authorization, challenge, order, found 'often'")]
    [InlineData("kind: mac\nclient: { longest-pause: soon }", "device.yaml:2: client.longest-pause: expected a duration such as 250ms, 5s or 2m, found 'soon'")]
    [InlineData("kind: mac\nfacts: mac", "device.yaml:2: facts: expected a mapping, found 'mac'")]
    [InlineData("kind: mac\nfacts: { sip: on }", "device.yaml:2: facts.sip: expected a whole number, found 'on'")]
    [InlineData("kind: server\nnames: host.example", "device.yaml:2: names: expected a list of texts, found 'host.example'")]
    [InlineData("kind: tpm\nexternal-account: { key-id: a, key: 'b=' }", "device.yaml:2: external-account.key: expected base64url without padding")]
    [InlineData("kind: mac\nexternal-account: { key-id: a, key: AAAA }", "device.yaml:2: external-account: the client of a device of kind mac cannot send one")]
    [InlineData("kind: mac\ncsr: { uri: [here] }", "device.yaml:2: csr.uri: expected absolute URIs, found 'here'")]
    [InlineData("kind: [", "no YAML")]
    [InlineData("- kind: mac", "expected one mapping")]
    public void What_is_wrong_is_named_with_its_line(string text, string mistake) =>
        FluentActions.Invoking(() => Read(text)).Should().Throw<SimulatorException>().WithMessage($"*{mistake}*");

    [Fact]
    public void All_mistakes_are_said_at_once()
    {
        var failure = FluentActions.Invoking(() => Read("kind: toaster\nkey: dsa\nserail: 1")).Should().Throw<SimulatorException>().Which;

        failure.More.Prepend(failure.Message).Select(mistake => mistake.Split(' ')[1]).Should().BeEquivalentTo("kind:", "key:", "serail");
    }

    [Fact]
    public void A_printer_may_have_an_external_account() =>
        Read("kind: printer\nexternal-account: { key-id: k1, key: AAAA }").ExternalAccount!.MacKey.Should().Equal(0, 0, 0);

    [Theory, InlineData("mac"), InlineData("iphone"), InlineData("apple-tv"), InlineData("tpm"), InlineData("android"), InlineData("strongbox"), InlineData("yubikey"), InlineData("iot")]
    public async Task The_same_seed_gives_the_same_key(string kind)
    {
        var serial = kind == "yubikey" ? "31000007" : "SERIAL7";

        var first = await KeyOf($"{{ kind: {kind}, serial: '{serial}', seed: a }}");

        (await KeyOf($"{{ kind: {kind}, serial: '{serial}', seed: a }}")).Should().Equal(first);
        (await KeyOf($"{{ kind: {kind}, serial: '{serial}', seed: b }}")).Should().NotEqual(first);
        (await KeyOf($"{{ kind: {kind}, serial: '{serial}' }}")).Should().NotEqual(first, "without a seed each key is a new one");
    }

    [Fact]
    public async Task A_device_under_user_enrollment_orders_the_code_that_it_was_given()
    {
        await using var device = await Start("{ kind: byod, client-identifier: code-1 }");

        device.Identifiers.Should().ContainSingle().Which.Value.Should().Be("code-1");
        await FluentActions.Awaiting(() => Start("{ kind: byod }")).Should().ThrowAsync<SimulatorException>();
    }

    private static DeviceFile Read(string text) => YamlFields.Read(text, "device.yaml", DeviceFile.Read);

    private static Task<IDevice> Start(string text) => Devices.Start(Read(text).Settings(), () => new FakeVendors("files"), Now, TestContext.Current.CancellationToken);

    private static async Task<byte[]> KeyOf(string text)
    {
        await using var device = await Start(text);
        return device.Key!.ExportSubjectPublicKeyInfo();
    }
}
