using DeviceAcme.Core.Accounts;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Accounts;

[Spec("RFC 8555 §7.3")]
public sealed class ContactRulesTests
{
    [Theory]
    [InlineData("mailto:admin@example.com")]
    [InlineData("MAILTO:admin@example.com")]
    public void One_address_is_taken(string contact)
    {
        var check = () => ContactRules.Check([contact]);
        check.Should().NotThrow();
    }

    [Theory]
    [InlineData("tel:+123", "unsupportedContact")]
    [InlineData("admin@example.com", "unsupportedContact")]
    [InlineData("mailto:admin@example.com?subject=x", "invalidContact")]
    [InlineData("mailto:a@example.com,b@example.com", "invalidContact")]
    [InlineData("mailto:", "invalidContact")]
    [InlineData("mailto:Admin <a@example.com>", "invalidContact")]
    [InlineData("mailto:a b@example.com", "invalidContact")]
    [InlineData("mailto:ä@example.com", "invalidContact")]
    public void Anything_else_is_refused(string contact, string type)
    {
        var check = () => ContactRules.Check([contact]);
        check.Should().Throw<ProblemException>().Which.Problem.Type.Should().EndWith(":" + type);
    }
}
