using System.Text;
using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Ledger;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Server.Tests.Ledger;

/// <summary>Inventories as files: what they say, and everything that is wrong with them, each with its line.</summary>
public sealed class InventoryTests
{
    [Fact]
    public void A_table_says_what_its_cells_say_and_nothing_by_empty_ones()
    {
        var inventory = Read("serial,imei,label,owner,groups,state,attribute.cost-center\r\nS1,1;2,\"Ada's \"\"Mac\"\"\",,staff; vpn ,blocked,4711\r\n\r\nS2,,,,,,\r\n");

        inventory.Mistakes.Should().BeEmpty();
        inventory.Rows.Should().HaveCount(2);
        inventory.Rows[0].Should().BeEquivalentTo(new
        {
            Line = 2,
            Keys = new[] { new DeviceKey("serial", "S1"), new DeviceKey("imei", "1"), new DeviceKey("imei", "2") },
            Description = new DeviceDescription { Label = "Ada's \"Mac\"", Groups = ["staff", "vpn"], Attributes = new Dictionary<string, string> { ["cost-center"] = "4711" } },
            State = DeviceState.Blocked,
        });
        inventory.Rows[1].Should().BeEquivalentTo(new { Line = 4, Description = new DeviceDescription(), State = (DeviceState?)null });
    }

    [Theory]
    [InlineData("", 1, "the file is empty")]
    [InlineData("serial,colour\nS1,red", 1, "'colour' is not a known column")]
    [InlineData("serial,serial\nS1,S2", 1, "stands here twice")]
    [InlineData("serial,attribute.Cost\nS1,1", 1, "'attribute.Cost' is not a known column")]
    [InlineData("serial,label\nS1", 2, "expected 2 cells")]
    [InlineData("serial,label\nS1,a\"b\"", 2, "quotes only around a whole cell")]
    [InlineData("serial,label\n,x", 2, "at least one identifier")]
    [InlineData("serial,label\nS1,x\nS1,y", 3, "'S1' stands in line 2 too")]
    [InlineData("serial,state\nS1,lost", 2, "state: expected one of")]
    [InlineData("serial,groups\nS1,Staff", 2, "lower-case letters")]
    [InlineData("serial,groups\nS1,staff;staff", 2, "each once")]
    [InlineData("ek\nABC", 2, "64 lower-case hex digits")]
    [InlineData("serial,attribute.state\nS1,x", 2, "be none of")]
    [InlineData("serial,attribute.sid\nS1,S-1-5-18", 2, "security identifier of an account")]
    [InlineData("[{\"identifiers\":{\"serial\":\"S1\"},\"name\":\"x\"}]", 1, "'name' is not a known member")]
    [InlineData("[\n{\"identifiers\":{\"serial\":7}}]", 2, "serial: expected text, found Number")]
    [InlineData("[\n{\"identifiers\":[]}]", 2, "identifiers: expected an object")]
    [InlineData("[\n\n7]", 3, "expected an object for each device")]
    [InlineData("[{\"identifiers\":{\"serial\":\"S1\"}},\n{\"identifiers\":{\"serial\":\"S1\"}}]", 2, "stands in line 1 too")]
    [InlineData("{}", 1, "whose first member 'devices'")]
    [InlineData("{\"devices\":{}}", 1, "expected a list")]
    [InlineData("[{\"identifiers\":{\"serial\":\"S1\"}}] x", 1, "is not JSON")]
    [InlineData("[{\"identifiers\":{\"serial\":\"S1\"}}", 1, "is not JSON")]
    public void What_is_wrong_is_told_with_its_line(string text, int line, string message) =>
        Read(text).Mistakes.Should().ContainSingle().Which.Should().Match<InventoryMistake>(mistake => mistake.Line == line && mistake.Text.Contains(message));

    [Fact]
    public void All_mistakes_are_told_together() =>
        Read("serial,state,groups\nS1,lost,Staff\nS1,,\n,,").Mistakes.Select(mistake => mistake.Line).Should().Equal(2, 2, 3, 4);

    [Fact]
    public void Whatever_is_read_no_octets_are_an_exception() =>
        Prop.ForAll<byte[]>(ArbMap.Default.ArbFor<byte[]>(), octets => Inventory.Read(octets) is not null).QuickCheckThrowOnFailure();

    private static Inventory Read(string text) => Inventory.Read(Encoding.UTF8.GetBytes(text));
}
