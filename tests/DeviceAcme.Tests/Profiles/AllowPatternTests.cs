using DeviceAcme.Core.Profiles;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Profiles;

/// <summary>Which values a pattern of <c>allow</c> lets through.</summary>
public sealed class AllowPatternTests
{
    [Theory]
    [InlineData("dns", "*", "a.example", true)]
    [InlineData("dns", "*", "*.example.com", true)]
    [InlineData("dns", ".example.com", "a.example.com", true)]
    [InlineData("dns", ".example.com", "A.EXAMPLE.com", true)]
    [InlineData("dns", ".example.com", "a.b.example.com", true)]
    [InlineData("dns", ".example.com", "*.example.com", true)]
    [InlineData("dns", ".example.com", "example.com", false)]
    [InlineData("dns", ".example.com", ".example.com", false)]
    [InlineData("dns", ".example.com", "notexample.com", false)]
    [InlineData("dns", ".example.com", "a.example.com.evil", false)]
    [InlineData("dns", "host-??.example.com", "host-12.example.com", true)]
    [InlineData("dns", "host-??.example.com", "host-123.example.com", false)]
    [InlineData("dns", "?.example.com", "*.example.com", false)] // a wildcard is more than the one-letter hosts
    [InlineData("dns", "*.example.com", "*.example.com", true)]
    [InlineData("dns", "*.example.com", "example.com", false)]
    [InlineData("dns", "host.example.com", "hostXexample.com", false)]
    [InlineData("dns", "/[a-z]+\\.example/", "abc.example", true)]
    [InlineData("dns", "/[a-z]+\\.example/", "abc.example.evil", false)]
    [InlineData("dns", "/a|b/", "ab", false)]
    [InlineData("dns", "/[a-z]+/", "abc\n", false)]
    [InlineData("ip", "10.0.0.0/8", "10.1.2.3", true)]
    [InlineData("ip", "10.0.0.0/8", "11.1.2.3", false)]
    [InlineData("ip", "2001:db8::/32", "2001:db8::1", true)]
    [InlineData("ip", "192.0.2.1", "192.0.2.1", true)]
    [InlineData("ip", "192.0.2.1", "192.0.2.2", false)]
    [InlineData("permanent-identifier", "C02*", "C02ABC", true)]
    [InlineData("permanent-identifier", "C02*", "c02ABC", false)]
    [InlineData("permanent-identifier", "C02*", "XC02ABC", false)]
    [InlineData("permanent-identifier", "*", "line\nbreak", true)]
    [InlineData("permanent-identifier", "[a].*", "[a].x", true)]
    [InlineData("permanent-identifier", "/C02[A-Z0-9]{3}/", "C02ABC", true)]
    [InlineData("permanent-identifier", "/C02[A-Z0-9]{3}/", "C02ABCD", false)]
    public void A_pattern_matches_the_whole_value(string type, string pattern, string value, bool allowed) =>
        AllowPattern.Parse(type, pattern, out _)!.Matches(value).Should().Be(allowed);

    [Theory]
    [InlineData("ip", "10.0.0.1/8")]
    [InlineData("ip", "ten")]
    [InlineData("dns", "/(/")]
    [InlineData("dns", "/a)|(b/")]
    public void A_pattern_that_cannot_be_meant_is_refused(string type, string pattern)
    {
        AllowPattern.Parse(type, pattern, out var error).Should().BeNull();
        error.Should().Contain(pattern);
    }

    [Fact]
    public void A_pattern_that_runs_away_does_not_allow()
    {
        var pattern = AllowPattern.Parse("permanent-identifier", "/(a+)+b/", out _)!;

        pattern.Matches(new string('a', 200)).Should().BeFalse();
    }
}
