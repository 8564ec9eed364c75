package dev.banos.loader.types;

import static dev.banos.loader.types.Dwarf.*;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One debugging information entry as it was read: the attributes that types need. */
final class DwarfEntry {
    static final long NONE = -1;
    /** A type in a place that is not read: another file, or a unit of its own. */
    static final long ELSEWHERE = -2;

    final int tag;
    /** In its section. */
    final long offset;
    /** In the {@link TypeTable}, 0 for what is no type. */
    int number;
    boolean isC;
    /** Of a parameter, in languages whose types do not tell. */
    DwarfLocations.Way way = DwarfLocations.Way.UNTOLD;
    /** Its unit's language has parameters by reference that only their place tells from others. */
    boolean toldByPlace;
    boolean isRust;
    /** What its unit calls functions are labels. */
    boolean isAssembly;
    @Nullable String name;
    @Nullable String linkageName;
    /** Where the type's entry stands. */
    long type = NONE;
    /** Of the type unit that has the type, or this entry's own definition; 0 where none is meant. */
    long signature;
    long sibling = NONE;
    long byteSize = NONE;
    long location;
    long bitSize;
    long bitOffset = NONE;
    long dataBitOffset = NONE;
    long count = NONE;
    long encoding;
    long language;
    long convention;
    /** That an attribute asks for; 0 where none does. */
    long alignment;
    /** Of a class: it has functions of its own, constructors perhaps. */
    boolean hasFunctions;
    boolean declaration;
    boolean external;
    boolean prototyped;
    /** Of a function: its unit describes types, too. */
    boolean amongTypes;
    boolean vector;
    /** Of an array: what stands where it is passed only describes where it is. */
    boolean elsewhereInMemory;
    boolean instance;
    private List<DwarfEntry> children = List.of();

    DwarfEntry(int tag, long offset) {
        this.tag = tag;
        this.offset = offset;
    }

    void add(DwarfEntry child) {
        if (children.isEmpty()) {
            children = new ArrayList<>(4);
        }
        children.add(child);
    }

    List<DwarfEntry> children() {
        return children;
    }

    boolean isUnit() {
        return tag == DW_TAG_compile_unit || tag == DW_TAG_partial_unit || tag == DW_TAG_type_unit;
    }

    /** What stands directly in it can be seen by other objects. */
    boolean isOutermost() {
        return isUnit() || tag == DW_TAG_namespace || tag == DW_TAG_module;
    }

    boolean isComposite() {
        return tag == DW_TAG_structure_type || tag == DW_TAG_union_type || tag == DW_TAG_class_type;
    }

    /** It only says which type unit has the type's members. */
    boolean isElsewhere() {
        return signature != 0 && byteSize < 0 && (isComposite() || tag == DW_TAG_enumeration_type);
    }

    void attribute(int attribute, DwarfUnit.Value value) {
        switch (attribute) {
            case DW_AT_name -> name = value.text;
            case DW_AT_linkage_name, DW_AT_MIPS_linkage_name -> linkageName = value.text;
            case DW_AT_type -> {
                type = value.isReference ? value.number : ELSEWHERE;
                signature = value.isSignature ? value.number : 0;
            }
            case DW_AT_signature -> signature = value.isSignature ? value.number : 0;
            case DW_AT_sibling -> sibling = value.isReference ? value.number : NONE;
            case DW_AT_byte_size -> byteSize = value.isConstant ? value.number : NONE;
            case DW_AT_bit_size -> bitSize = value.isConstant ? value.number : 0;
            case DW_AT_bit_offset -> bitOffset = value.isConstant ? value.number : NONE;
            case DW_AT_data_bit_offset -> dataBitOffset = value.isConstant ? value.number : NONE;
            case DW_AT_data_member_location -> location = location(value);
            case DW_AT_upper_bound -> count = value.isConstant ? value.number + 1 : NONE;
            case DW_AT_count -> count = value.isConstant ? value.number : NONE;
            case DW_AT_encoding -> encoding = value.number;
            case DW_AT_calling_convention -> convention = value.number;
            case DW_AT_alignment -> alignment = value.isConstant ? value.number : 0;
            case DW_AT_language -> language = value.number;
            case DW_AT_declaration -> declaration = value.number != 0;
            case DW_AT_external -> external = value.number != 0;
            case DW_AT_prototyped -> prototyped = value.number != 0;
            case DW_AT_GNU_vector -> vector = true;
            case DW_AT_data_location -> elsewhereInMemory = true;
            case DW_AT_abstract_origin, DW_AT_specification -> instance = true;
            default -> { }
        }
    }

    /** A number, or in old versions an expression that adds it. */
    private static long location(DwarfUnit.Value value) {
        if (value.isConstant) {
            return value.number;
        }
        Bytes block = value.block;
        return block != null && block.hasMore() && block.u8() == DW_OP_plus_uconst ? block.uleb() : NONE;
    }
}
