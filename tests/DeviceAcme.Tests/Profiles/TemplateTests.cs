using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Profiles;

/// <summary>Placeholders and the subject's grammar.</summary>
public sealed class TemplateTests
{
    private static readonly FactSet Facts = new(
    [
        new Fact("device.serial", new FactValue.Text("C02ABC"), true),
        new Fact("device.udid", new FactValue.Blank(), true),
        new Fact("device.model", new FactValue.Text("Mac"), false),
        new Fact("apple.sip", new FactValue.Flag(true), true),
    ]);

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("{{device.serial}}", "C02ABC")]
    [InlineData("a {{ device.serial }} b", "a C02ABC b")]
    [InlineData("{{apple.sip}}", "true")]
    [InlineData("{{identifier}}/{{device.serial}}", "ID/C02ABC")]
    [InlineData("{{device.udid|unknown}}", "unknown")]
    [InlineData("{{device.model|unknown}}", "unknown")]
    [InlineData("{{os.version|}}", "")]
    [InlineData("{{device.serial|unknown}}", "C02ABC")]
    [InlineData("}}{", "}}{")]
    public void A_template_is_filled(string template, string filled) =>
        TextTemplate.Parse(template, out _)!.Fill("ID", Facts).Should().Be(filled);

    [Theory]
    [InlineData("{{os.version}}", "does not have it")]
    [InlineData("{{device.udid}}", "blank")]
    [InlineData("{{device.model}}", "does not prove it")]
    public void A_placeholder_without_a_value_refuses_and_says_why(string template, string why)
    {
        var refusal = FluentActions.Invoking(() => TextTemplate.Parse(template, out _)!.Fill("ID", Facts)).Should().Throw<ProblemException>().Which.Problem;

        refusal.Reason.Should().Be("template-value-missing");
        refusal.Detail.Should().Contain(why);
    }

    [Theory]
    [InlineData("{{")]
    [InlineData("{{device.serial}")]
    [InlineData("{{serial}}")]
    [InlineData("{{Device.Serial}}")]
    [InlineData("{{}}")]
    [InlineData("{{a b.c}}")]
    public void A_placeholder_that_names_nothing_is_refused(string template) => TextTemplate.Parse(template, out _).Should().BeNull();

    [Fact]
    public void A_value_is_not_read_as_a_template_again()
    {
        var facts = new FactSet([new Fact("device.serial", new FactValue.Text("{{device.udid}}"), true)]);

        TextTemplate.Parse("{{device.serial}}", out _)!.Fill(null, facts).Should().Be("{{device.udid}}");
    }

    [Theory]
    [InlineData("CN=a, O=b", "CN=a|O=b")]
    [InlineData("CN=a+serialNumber=b,O=c", "CN=a+serialNumber=b|O=c")]
    [InlineData("cn = a", "CN=a")]
    [InlineData("CN=a\\, b", "CN=a, b")]
    [InlineData("CN=a\\2Cb", "CN=a,b")]
    [InlineData("CN=\\C3\\A4", "CN=ä")]
    [InlineData("CN=\"a, b\", O=c", "CN=a, b|O=c")]
    [InlineData("2.5.4.3=a", "CN=a")]
    [InlineData("1.2.3.4=a", "1.2.3.4=a")]
    [InlineData("CN={{device.serial|a,b}}, O=c", "CN={{device.serial|a,b}}|O=c")]
    [InlineData("CN=a b  , O=c", "CN=a b|O=c")]
    public void A_subject_is_read(string text, string expected)
    {
        var rdns = SubjectTemplate.Parse(text, out var error);

        error.Should().BeEmpty();
        string.Join('|', rdns!.Select(rdn => string.Join('+', rdn.Select(attribute => $"{attribute.Type.Name}={attribute.Value.Text}")))).Should().Be(expected);
    }

    [Theory]
    [InlineData("CN")]
    [InlineData("CN=")]
    [InlineData("CN=a,")]
    [InlineData("CN=a,,O=b")]
    [InlineData("XX=a")]
    [InlineData("CN=a+CN=b")]
    [InlineData("CN=\"a")]
    [InlineData("CN=\"a\"b")]
    [InlineData("CN=a;O=b")]
    [InlineData("CN=a\\x")]
    [InlineData("C=DEU")]
    [InlineData("serialNumber=a*b")]
    public void A_subject_with_a_mistake_is_refused(string text)
    {
        SubjectTemplate.Parse(text, out var error).Should().BeNull();
        error.Should().NotBeEmpty();
    }
}
