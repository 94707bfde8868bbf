using DeviceAcme.Protocol;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Protocol;

public sealed class Rfc3339Tests
{
    [Theory, Spec("RFC 3339 §5.6"), Spec("RFC 3339 §5.8")]
    [InlineData("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50Z")]
    [InlineData("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57Z")]
    [InlineData("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27Z")]
    [InlineData("2026-01-01t00:00:00z", "2026-01-01T00:00:00Z")]
    [InlineData("2024-02-29T00:00:00.123456789012Z", "2024-02-29T00:00:00Z")]
    public void Right_times_are_read(string text, string utc)
    {
        Rfc3339.TryParse(text, out var time).Should().BeTrue();
        Rfc3339.Format(time).Should().Be(utc);
    }

    [Theory, Spec("RFC 3339 §5.6")]
    [InlineData("")]
    [InlineData("2026-01-01")]
    [InlineData("2026-01-01T00:00:00")]
    [InlineData("2026-01-01 00:00:00Z")]
    [InlineData("2026-1-1T00:00:00Z")]
    [InlineData("2026-02-29T00:00:00Z")]
    [InlineData("2026-01-01T24:00:00Z")]
    [InlineData("2026-01-01T00:00Z")]
    [InlineData("2026-01-01T00:00:00.Z")]
    [InlineData("2026-01-01T00:00:00,5Z")]
    [InlineData("2026-01-01T00:00:00+0200")]
    [InlineData("2026-01-01T00:00:00+24:00")]
    [InlineData("2026-01-01T00:00:00Z ")]
    [InlineData("2026-01-01T00:00:00Z+00:00")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    [InlineData("２026-01-01T00:00:00Z")]
    public void Other_texts_are_not(string text) => Rfc3339.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void No_text_throws() => Prop.ForAll<string>(text =>
    {
        Rfc3339.TryParse(text ?? "", out _);
        Rfc3339.TryParse("2026-01-01T00:00:00" + text, out _);
    }).QuickCheckThrowOnFailure();
}
